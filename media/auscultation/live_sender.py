"""One recording on its live way: sent as it is made, again ahead of loss, what is missing after.

Pure: no clock, no line; what is to leave is handed out as packets. The record itself lies in the
blocks, so that a monitor, or nothing, may go live while the record follows.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from app.domain.engine import LiveWay
from media.auscultation.block_coder import BlockCoder
from media.auscultation.live_plan import (
    MONITOR_RATE_HZ,
    LineFigures,
    LivePlan,
    Needs,
    PlanState,
    advance,
)
from media.auscultation.live_words import Kind, Piece, Report, handle_of, packets_of
from media.auscultation.monitor_sound import MONITOR_SAMPLES, MonitorSound
from media.auscultation.scope_words import ScopeHeader
from media.auscultation.sound_blocks import BLOCK_MS, MadeBlocks
from media.auscultation.wav import SAMPLE_BYTES

COPY_AFTER_GROUPS = (1, 3, 6)  # packets later, so that a burst of lost ones does not take all
HEARD_WITHIN_S = 2.0  # the far side reports; else all goes the sure way
ANSWER_SLACK_S = 0.03  # of a report: what was on its way when it was made
ROUND_TRIP_GUESS_S = 0.3
REPAIR_LEAST_BIT_S, REPAIR_MOST_BIT_S = 16_000, 1_000_000
REPAIR_SAVED_S = 0.25  # so much of the repairs' share may be used at once
REPAIR_UNKNOWN_BIT_S = 64_000
METER_SHARE = 0.05  # of the newest block
LOSS_SHARE = 0.01  # of a newer loss that is less, ten times a second
CODED_SHARE = 0.6  # of a block, until it is known better


class LiveSender:
    def __init__(self, header: ScopeHeader, blocks: MadeBlocks, now_s: float) -> None:
        self._header = header
        self._handle = handle_of(header.recording)
        self._blocks = blocks
        self._coder = BlockCoder(header.sample_rate_hz, blocks.block_samples)
        self._monitor: MonitorSound | None = None
        self._groups: deque[tuple[Piece, ...]] = deque(maxlen=COPY_AFTER_GROUPS[-1] + 1)
        self._state = PlanState()
        self._figures = LineFigures()
        self._edge = 0  # the next block to go live
        self._sent_at: dict[int, float] = {}  # of blocks that may still be missing
        self._report: Report | None = None
        self._reported_at: float | None = None
        self._began_at = self._looked_at = now_s
        self._repair_bytes = 0.0
        self._block_bytes = CODED_SHARE * blocks.block_samples * SAMPLE_BYTES
        self._monitor_bytes = CODED_SHARE * MONITOR_SAMPLES * SAMPLE_BYTES
        self._is_finished = False
        self.repaired = 0  # blocks sent again because they were missing

    @property
    def plan(self) -> LivePlan:
        return self._state.plan or LivePlan(LiveWay.LATER)

    @property
    def way(self) -> LiveWay:
        return self.plan.way

    @property
    def copies(self) -> int:
        return self.plan.copies

    @property
    def wanted(self) -> int:
        """All blocks below are there, as the far side says."""
        return 0 if self._report is None else self._report.wanted

    def is_heard(self, now_s: float) -> bool:
        """The far side says what comes."""
        return self._reported_at is not None and now_s - self._reported_at < HEARD_WITHIN_S

    def is_hoped_for(self, now_s: float) -> bool:
        """It may still say so: a new link is given the time."""
        return self.is_heard(now_s) or now_s - self._began_at < HEARD_WITHIN_S

    def begin(self, now_s: float) -> None:
        """A new link: from here on live; what was made before is missing over there."""
        self._edge = self._blocks.whole
        self._groups.clear()
        self._monitor = None
        self._reported_at = None
        self._began_at = self._looked_at = now_s
        self._repair_bytes = 0.0

    def finish(self) -> None:
        """No more is made: the last block, which is short, may go."""
        self._is_finished = True

    def forget(self) -> None:
        """The far side knows nothing of it any more."""
        self._report = self._reported_at = None

    def heard(self, report: Report, now_s: float) -> None:
        before = self.wanted
        if report.wanted < before or report.newest > self._blocks.all:
            return  # an old one that was late, or nonsense
        self._report, self._reported_at = report, now_s
        for number in range(before, report.wanted):
            self._sent_at.pop(number, None)

    def look(self, figures: LineFigures, now_s: float) -> None:
        """Some times a second: which way it goes now, and what repairs may take."""
        was = self.way
        self._figures = figures = replace(figures, loss_share=self._loss_of(figures))
        self._state = advance(self._state, self._needs(), figures, now_s)
        if self.way is not was:
            self._groups.clear()
            self._monitor = None
        saved_s = min(now_s - self._looked_at, REPAIR_SAVED_S)
        self._looked_at = now_s
        share = self._repair_bit_s() / 8
        self._repair_bytes = min(self._repair_bytes + share * saved_s, share * REPAIR_SAVED_S)

    def due(self, now_s: float) -> list[bytes]:
        """What was made since, and the copies that go with it."""
        first, self._edge = self._edge, self._blocks.whole
        if first == self._edge:
            return []
        if self.way is LiveWay.LOSSLESS:
            pieces = tuple(self._coded(number, now_s) for number in range(first, self._edge))
        elif self.way is LiveWay.MONITOR:
            pieces = self._monitored(first)
        else:
            return []
        if not pieces:
            return []
        self._groups.appendleft(pieces)
        copied = [
            piece
            for after in COPY_AFTER_GROUPS[: self.copies]
            if after < len(self._groups)
            for piece in self._groups[after]
        ]
        kind = Kind.MONITOR if self.way is LiveWay.MONITOR else Kind.LIVE
        return packets_of(kind, self._handle, [*pieces, *copied])

    def repairs(self, now_s: float) -> list[bytes]:
        """Blocks that did not arrive, or never went, as many as the line has room for now."""
        pieces = []
        for number in self._missing() if self._repair_bytes > 0 else ():
            if self._repair_bytes <= 0:
                break
            piece = self._coded(number, now_s)
            self._repair_bytes -= len(piece.coded)
            self.repaired += 1
            pieces.append(piece)
        return packets_of(Kind.REPAIR, self._handle, pieces)

    # --- inside ----------------------------------------------------------------------------

    def _loss_of(self, figures: LineFigures) -> float | None:
        """Believed at once when it grows: of a second its few packets tell little."""
        new, old = figures.loss_share, self._figures.loss_share
        if new is None or old is None or new > old:
            return new
        return old + LOSS_SHARE * (new - old)

    def _coded(self, number: int, now_s: float) -> Piece:
        coded = self._coder.coded(self._blocks.block(number))
        self._sent_at[number] = now_s
        self._block_bytes += METER_SHARE * (len(coded) - self._block_bytes)
        return Piece(number, coded)

    def _monitored(self, first: int) -> tuple[Piece, ...]:
        if self._monitor is None:
            start_ms = round(first * self._blocks.block_s * 1000)
            self._monitor = MonitorSound(self._header.sample_rate_hz, start_ms)
        samples = b"".join(self._blocks.block(number) for number in range(first, self._edge))
        pieces = tuple(self._monitor.made(samples))
        for piece in pieces:
            self._monitor_bytes += METER_SHARE * (len(piece.coded) - self._monitor_bytes)
        return pieces

    def _missing(self) -> Iterator[int]:
        """Oldest first. A report says nothing of what was under way, or had copies to come."""
        report, reported_at = self._report, self._reported_at
        if report is None or reported_at is None:
            return
        round_trip_s = self._figures.round_trip_s or ROUND_TRIP_GUESS_S
        copied_s = COPY_AFTER_GROUPS[self.copies - 1] * BLOCK_MS / 1000 if self.copies else 0.0
        before = reported_at - round_trip_s - ANSWER_SLACK_S - copied_s
        known = chain.from_iterable(range(first, first + count) for first, count in report.missing)
        unseen = range(report.newest, self._blocks.all) if report.until == report.newest else ()
        for number in chain(known, unseen):
            if number < self._end and self._sent_at.get(number, float("-inf")) < before:
                yield number

    @property
    def _end(self) -> int:
        """What is beyond is not whole yet, or goes live in a moment."""
        if self._is_finished:
            return self._blocks.all
        return self._edge if self.way is LiveWay.LOSSLESS else self._blocks.whole

    def _needs(self) -> Needs:
        lossless_bit_s = self._block_bytes * 8 / self._blocks.block_s
        if self._header.sample_rate_hz <= MONITOR_RATE_HZ:
            return Needs(lossless_bit_s, 0.0)  # it has no more samples than a monitor
        return Needs(lossless_bit_s, min(self._monitor_bytes * 8_000 / BLOCK_MS, lossless_bit_s))

    def _repair_bit_s(self) -> float:
        room = self._figures.room_bit_s
        if room is None:
            return REPAIR_UNKNOWN_BIT_S
        left = room - (0.0 if self._is_finished else self._needs().of(self.plan))
        least = REPAIR_UNKNOWN_BIT_S if self._figures.is_easy else REPAIR_LEAST_BIT_S
        return min(max(left, least), REPAIR_MOST_BIT_S)
