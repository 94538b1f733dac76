"""The stethoscope's recordings of the running visit: begun, fed, ended, told; far ones received.

A recording goes on when the link, the screen or the instrument goes; only its visit's end cuts it
short. One that is full goes on as another.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from app.domain.engine import ScopeContinues, ScopeDone, ScopeProgress, ScopeProof, ScopeTimeline
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import RecordId, VisitId, new_id
from app.runtime.tasks import TaskOwner
from media.auscultation.arriving import Arriving
from media.auscultation.departing import Departing
from media.auscultation.live_playout import LiveChunk, chunk_of
from media.auscultation.lossless_channel import TICK_S, Line, LosslessChannel, ScopeEvent
from media.auscultation.scope_receiver import ScopeReceiver
from media.auscultation.scope_sender import ScopeSender
from media.auscultation.scope_words import ScopeHeader
from media.auscultation.sound_blocks import block_samples_of
from media.devices.scope_sound import ScopeSound
from media.devices.stethoscope import Stethoscope
from media.link.messages import News
from media.link.sound_words import ScopeBegan, ScopeRefused
from media.recordings_shelf import RecordingsShelf
from media.scope_ears import ScopeEars

log = logging.getLogger(__name__)

IDLE_TICK_S, SENDING_TICK_S = 0.1, 0.05
PROGRESS_EVERY_S = 0.2
TIMELINE_EVERY_S = 1.0

Tell = Callable[[News, int | None], bool]


@dataclass(slots=True)
class _Running:
    """What is recorded now, of one wish; `header` None until the instrument gave its first."""

    asked: RecordId
    site: str
    source: str
    channel: LosslessChannel
    stop: asyncio.Event
    header: ScopeHeader | None = None

    def is_of(self, recording: RecordId) -> bool:
        return recording in (self.asked, self.header and self.header.recording)


class ScopeDesk:
    """One recording of ours at a time. `on_running` is told when the instrument is in use."""

    def __init__(self, tell: Tell, on_running: Callable[[bool], None], ears: ScopeEars) -> None:
        self._tell = tell
        self._on_running = on_running
        self._ears = ears
        self._visit: VisitId | None = None
        self._channel: LosslessChannel | None = None
        self._line: Line | None = None
        self._running: _Running | None = None
        self._tasks = TaskOwner("scope desk")
        self.shelf = RecordingsShelf(tell)

    def open(self) -> None:
        self._tasks.start_lasting(self._tick, "tick")
        self._tasks.start_lasting(self._tell_progress, "progress")

    async def close(self) -> None:
        self.visit_is(None)
        await self._tasks.close()
        self.shelf.close()

    def visit_is(self, visit: VisitId | None) -> None:
        """The earlier visit's recordings end here; they stay on the shelf until they are kept."""
        if visit == self._visit:
            return
        if self._channel is not None:
            self._channel.end()
        if self._running is not None:
            self._running.stop.set()
        self._running = None
        self._visit, self._channel = visit, None
        if visit is not None:
            self._channel = LosslessChannel(
                visit, self._heard_channel, on_sound=self._heard_far_sound
            )
            if self._line is not None:
                self._channel.link_up(self._line)

    # --- our instrument ----------------------------------------------------------------------

    def start(self, recording: RecordId, site: str, stethoscope: Stethoscope | None) -> None:
        """ScopeBegan or ScopeRefused is told."""
        refused: Code | None = None
        if self._channel is None:
            refused = Code.NO_VISIT_OPEN
        elif stethoscope is None:
            refused = Code.DEVICE_MISSING
        elif self._running is not None:
            refused = Code.DEVICE_BUSY
        if refused is not None or stethoscope is None or self._channel is None:
            self._tell(ScopeRefused(recording, refused or Code.DEVICE_MISSING), None)
            return
        running = _Running(recording, site, stethoscope.label, self._channel, asyncio.Event())
        self._running = running
        self._tasks.start(self._record(running, stethoscope), "record")

    @property
    def is_recording(self) -> bool:
        return self._running is not None

    def stop(self, recording: RecordId) -> None:
        if self._running is not None and self._running.is_of(recording):
            self._running.stop.set()

    async def _record(self, running: _Running, stethoscope: Stethoscope) -> None:
        self._on_running(True)
        is_complete = False  # until it has ended as it should
        sound = stethoscope.sound()
        try:
            async for block in sound:
                if running.stop.is_set():
                    break
                if running.header is not None:
                    running.channel.instrument_is(running.header.recording, is_away=block.is_away)
                if not block.is_away:
                    self._take(running, block)
            is_complete = True
        except Failure as failure:
            log.warning("stethoscope: %s", failure.code)
            if running.header is None:
                self._tell(ScopeRefused(running.asked, failure.code), None)
        finally:
            await sound.aclose()
            if self._running is running:
                self._running = None
                if running.header is not None:
                    running.channel.finish(running.header.recording, is_complete=is_complete)
            self._on_running(False)

    def _take(self, running: _Running, block: ScopeSound) -> None:
        if running.header is None:
            self._begin(running, running.asked, block.sample_rate_hz)
            self._tell(ScopeBegan(running.asked), None)
        elif block.sample_rate_hz != running.header.sample_rate_hz:
            raise Rejected(Code.DEVICE_UNUSABLE, "another rate in one recording")
        elif block.missing_ms:
            running.channel.mark_gap(running.header.recording, block.missing_ms)
        left = self._keep(running, block.samples)
        if left:
            self._go_on(running)
            self._keep(running, left)

    def _keep(self, running: _Running, samples: bytes) -> bytes:
        """Into the record, out on the line, and to whoever looks and listens here."""
        header, channel = running.header, running.channel
        assert header is not None
        at_sample = channel.samples_of(header.recording)
        left = channel.record(header.recording, samples)
        taken = samples[: len(samples) - len(left)]
        if taken:
            self._ears.heard(header, chunk_of(at_sample, taken, header.sample_rate_hz))
        return left

    def _begin(self, running: _Running, recording: RecordId, rate_hz: int) -> None:
        assert self._visit is not None
        before = None if running.header is None else running.header.recording
        running.header = ScopeHeader(
            recording,
            self._visit,
            running.site,
            rate_hz,
            running.source,
            block_samples_of(rate_hz),
            before,
        )
        running.channel.start(running.header)

    def _go_on(self, running: _Running) -> None:
        """It is full: nothing is lost between it and the next one."""
        before = running.header
        assert before is not None
        after = RecordId(new_id())
        self._tell(ScopeContinues(after, before.recording), None)
        running.channel.finish(before.recording, is_complete=True)
        self._begin(running, after, before.sample_rate_hz)

    # --- the line ----------------------------------------------------------------------------

    def line_is(self, line: Line | None) -> None:
        """A link came up, or the one that was used went down."""
        self._line = line
        if self._channel is None:
            return
        if line is None:
            self._channel.link_down()
        else:
            self._channel.link_up(line)

    def heard(self, data: bytes) -> None:
        if self._channel is not None:
            self._channel.heard(data)

    def heard_packet(self, data: bytes) -> None:
        if self._channel is not None:
            self._channel.heard_packet(data)

    def _heard_far_sound(self, header: ScopeHeader, chunk: LiveChunk) -> None:
        """Our own instrument, where one runs beside it, has the ears and the curve."""
        if self._running is None:
            self._ears.heard(header, chunk)

    # --- telling -----------------------------------------------------------------------------

    def _heard_channel(self, event: ScopeEvent) -> None:
        match event:
            case ScopeDone():
                self.shelf.add(event)
            case ScopeProof():
                self.shelf.prove(event)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._tick_s())
            if self._channel is not None:
                self._channel.tick()

    def _tick_s(self) -> float:
        """What is heard comes in its time; what is sent goes when it is made, and else by this."""
        if self._channel is None or self._channel.is_idle:
            return IDLE_TICK_S
        return TICK_S if self._channel.arriving else SENDING_TICK_S

    async def _tell_progress(self) -> None:
        timeline_at = time.monotonic()
        while True:
            await asyncio.sleep(PROGRESS_EVERY_S)
            if self._channel is None or self._channel.is_idle:
                continue
            now_s = time.monotonic()
            is_timeline_due = now_s - timeline_at >= TIMELINE_EVERY_S
            if is_timeline_due:
                timeline_at = now_s
            for ours in self._channel.departing:
                self._tell(self._progress_of_ours(ours, now_s), None)
            for theirs in self._channel.arriving:
                self._tell(self._progress_of_theirs(theirs, now_s), None)
            if is_timeline_due:
                self._tell_timelines()

    def _tell_timelines(self) -> None:
        assert self._channel is not None
        for ours in self._channel.departing:
            self._tell(_timeline_of(ours.sender), None)
        for theirs in self._channel.arriving:
            self._tell(_timeline_of(theirs.receiver), None)

    def _progress_of_ours(self, ours: Departing, now_s: float) -> ScopeProgress:
        sender = ours.sender
        progress = self._progress(sender.header, sender.seconds, sender.level)
        return replace(
            progress,
            is_ours=True,
            missing_blocks=sender.missing_blocks,
            way=ours.way(now_s),
            is_away=sender.is_away,
            at_s=sender.seconds,
        )

    def _progress_of_theirs(self, theirs: Arriving, now_s: float) -> ScopeProgress:
        receiver = theirs.receiver
        progress = self._progress(receiver.header, receiver.seconds_seen, receiver.level)
        return replace(
            progress,
            missing_blocks=receiver.missing_blocks,
            way=theirs.way(now_s),
            delay_ms=theirs.delay_ms(now_s),
            is_away=receiver.is_away,
            at_s=theirs.position_s,
        )

    def _progress(self, header: ScopeHeader, seconds: float, level: float) -> ScopeProgress:
        assert self._channel is not None
        figures = self._ears.figures(header.recording)
        return ScopeProgress(
            recording=header.recording,
            visit=header.visit,
            site=header.site,
            is_ours=False,
            seconds=seconds,
            level=level,
            missing_blocks=0,
            is_line_up=self._channel.is_line_up,
            heart_rate_bpm=figures.heart_rate_bpm,
            heart_confidence=figures.heart_confidence,
            faults=figures.faults,
            sample_rate_hz=header.sample_rate_hz,
            continues=header.continues,
        )


def _timeline_of(end: ScopeSender | ScopeReceiver) -> ScopeTimeline:
    overview, gaps = end.overview, tuple(end.gaps)
    return ScopeTimeline(end.header.recording, end.seconds, overview.text, overview.spans, gaps)
