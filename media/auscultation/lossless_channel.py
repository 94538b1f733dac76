"""Body sounds to the far side, bit for bit, across any number of links: sends, receives, proves.

Knows no line: a link lends a sure way and a quick one. What is not yet proven is sent again from
where the far side stands; what cannot be read is refused with a logged code. On the loop only.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.engine import ScopeDone, ScopeProof
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId
from media.auscultation.arriving import Arriving
from media.auscultation.departing import Departing
from media.auscultation.live_plan import LineFigures
from media.auscultation.live_playout import LiveChunk
from media.auscultation.live_words import Report, Sound, live_word_of
from media.auscultation.scope_receiver import ScopeReceiver
from media.auscultation.scope_sender import ScopeFile, ScopeSender
from media.auscultation.scope_words import (
    MAX_MESSAGE_BYTES,
    Away,
    Block,
    End,
    Gap,
    Proof,
    ScopeHeader,
    ScopeWord,
    Unknown,
    bytes_of,
    word_of,
)
from media.auscultation.wav import SAMPLE_BYTES

log = logging.getLogger(__name__)

TICK_S = 0.02  # how often the owner calls tick() while something goes or comes
LOOK_EVERY_S = 0.1
ANSWER_EVERY_S = 0.2
ANSWER_LIVE_EVERY_S = 2.0  # its reports say the same
WAITING_MOST_BYTES = 32 * 1024  # in the channel, not yet on the wire
RATE_BYTES_S = 256 * 1024
HELD_MOST_BYTES = 64 * 1024 * 1024  # more than ten minutes at 48 kHz
ARRIVING_MOST = 2
PROOFS_REMEMBERED = 32
ELAPSED_MOST_S = 0.2

ScopeEvent = ScopeDone | ScopeProof


def _nothing_known() -> LineFigures:
    return LineFigures()


@dataclass(frozen=True, slots=True)
class Line:
    """What a link lends: `send` may raise Unavailable, `waiting_bytes` is its backlog.

    `send_packet`: at once, and perhaps lost; None: there is only the sure way.
    """

    send: Callable[[bytes], None]
    waiting_bytes: Callable[[], int]
    send_packet: Callable[[bytes], None] | None = None
    figures: Callable[[], LineFigures] = _nothing_known


class LosslessChannel:
    """Both directions of one visit; headers of another visit are refused."""

    def __init__(
        self,
        visit: VisitId,
        on_event: Callable[[ScopeEvent], None],
        clock: Callable[[], float] = time.monotonic,
        on_sound: Callable[[ScopeHeader, LiveChunk], None] = lambda _header, _chunk: None,
    ) -> None:
        """`on_sound`: what is heard and drawn of the far instrument, in its time."""
        self._visit = visit
        self._on_event = on_event
        self._on_sound = on_sound
        self._clock = clock
        self._line: Line | None = None
        self._departing: dict[RecordId, Departing] = {}
        self._ours: set[RecordId] = set()
        self._arriving: dict[RecordId, Arriving] = {}
        self._proofs: dict[RecordId, Proof] = {}
        self._ticked_at = self._answered_at = self._looked_at = clock()
        self.refused = 0  # messages that made no sense

    # --- what goes on ----------------------------------------------------------------------

    @property
    def departing(self) -> tuple[Departing, ...]:
        """Ours that are recorded now; the newest last."""
        return tuple(one for one in self._departing.values() if not one.sender.is_finished)

    @property
    def arriving(self) -> tuple[Arriving, ...]:
        return tuple(self._arriving.values())

    @property
    def is_idle(self) -> bool:
        return not self._departing and not self._arriving

    @property
    def is_line_up(self) -> bool:
        return self._line is not None

    # --- our own instrument ----------------------------------------------------------------

    def start(self, header: ScopeHeader) -> None:
        """A recording begins; it goes out as it grows while there is a line."""
        if header.visit != self._visit:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        departing = Departing(header, self._clock())
        self._departing[header.recording] = departing
        self._ours.add(header.recording)
        if self._line is not None:
            departing.look(self._line.figures(), self._clock())
            self._send_words(departing, MAX_MESSAGE_BYTES)

    def record(self, recording: RecordId, samples: bytes) -> bytes:
        """16 bit samples as the instrument gave them; what is left of them when it is full."""
        departing = self._departing[recording]
        taken = departing.record(samples)
        for packet in departing.packets_due(self._clock()):
            self._say_packet(packet)
        return samples[len(taken) :]

    def samples_of(self, recording: RecordId) -> int:
        """So many are recorded."""
        return len(self._departing[recording].sender.blocks.samples) // SAMPLE_BYTES

    def instrument_is(self, recording: RecordId, *, is_away: bool) -> None:
        self._departing[recording].sender.is_away = is_away

    def mark_gap(self, recording: RecordId, missing_ms: int) -> None:
        """The instrument was away, and is there again."""
        self._departing[recording].sender.mark_gap(missing_ms)

    def finish(self, recording: RecordId, *, is_complete: bool) -> None:
        """ScopeDone is told now; ScopeProof when the far side has all of it."""
        departing = self._departing[recording]
        if not departing.sender.is_finished:
            self._tell_done(departing.sender, departing.finish(is_complete), True, is_complete)
            self._forget_oldest()

    def end(self) -> None:
        """The call is over: what runs is finished as cut short, nothing is sent any more."""
        for recording in list(self._departing):
            self.finish(recording, is_complete=False)
        self._departing.clear()
        self._arriving.clear()
        self._line = None

    # --- the line --------------------------------------------------------------------------

    def link_up(self, line: Line) -> None:
        """A new link, or the same after a gap; everything unproven is taken up again."""
        self._line = line
        for departing in self._departing.values():
            departing.new_link(self._clock())
            departing.look(line.figures(), self._clock())

    def link_down(self) -> None:
        self._line = None
        for arriving in self._arriving.values():
            arriving.line_broke()

    def heard(self, data: bytes) -> None:
        """A message of the far side. Never raises for what the far side says."""
        try:
            self._take(word_of(data))
        except Rejected as refused:
            self._refuse(refused.code)
            for arriving in self._arriving.values():
                arriving.receiver.lost()

    def heard_packet(self, data: bytes) -> None:
        """The same for what came the quick way."""
        try:
            word = live_word_of(data)
            if isinstance(word, Report):
                self._take_report(word)
            else:
                self._take_live(word)
        except Rejected as refused:
            self._refuse(refused.code)

    def tick(self) -> None:
        """Send what is due; called every TICK_S by the owner."""
        now = self._clock()
        elapsed_s, self._ticked_at = min(now - self._ticked_at, ELAPSED_MOST_S), now
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self._look(now)
        self._send_due(elapsed_s)
        self._repair(now)
        self._answer(now)
        for arriving in self._arriving.values():
            for chunk in arriving.due(now):
                self._on_sound(arriving.receiver.header, chunk)

    # --- what comes ------------------------------------------------------------------------

    def _take(self, word: ScopeWord) -> None:
        match word:
            case ScopeHeader():
                self._begin(word)
            case Block() | End() | Gap() | Away():
                self._take_sound(word)
            case _:
                departing = self._departing.get(word.recording)
                if departing is not None:
                    departing.heard(word)
                    self._prove(departing.sender)

    def _begin(self, header: ScopeHeader) -> None:
        if header.visit != self._visit:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        if header.recording in self._ours:  # theirs under our name would take the place of ours
            raise Rejected(Code.OP_REUSED, "scope header")
        if (proof := self._proofs.get(header.recording)) is not None:
            self._say(proof)
            return
        arriving = self._arriving.get(header.recording)
        if arriving is None:
            while len(self._arriving) >= ARRIVING_MOST:  # the oldest was given up over there
                self._arriving.pop(next(iter(self._arriving)))
            arriving = self._arriving[header.recording] = Arriving(header)
        elif arriving.receiver.header != header:
            raise Rejected(Code.MALFORMED, "scope header")
        self._say(arriving.receiver.answer())

    def _take_sound(self, word: Block | End | Gap | Away) -> None:
        arriving = self._arriving.get(word.recording)
        if arriving is None:
            self._say(self._proofs.get(word.recording) or Unknown(word.recording))
            return
        match word:
            case Block():
                arriving.receiver.take(word)
                is_live = not arriving.receiver.header.block_samples  # of an earlier release
                arriving.take_fresh(self._clock(), is_live=is_live)
            case Gap():
                arriving.receiver.mark(word)
            case Away(is_away=is_away):
                arriving.receiver.is_away = is_away
            case End():
                arriving.receiver.finish(word)
        self._arrived(arriving.receiver)

    def _take_live(self, sound: Sound) -> None:
        for arriving in tuple(self._arriving.values()):
            if arriving.receiver.handle == sound.handle:
                arriving.heard(sound, self._clock())
                self._arrived(arriving.receiver)

    def _take_report(self, report: Report) -> None:
        for departing in self._departing.values():
            if departing.handle == report.handle:
                departing.reported(report, self._clock())

    def _arrived(self, receiver: ScopeReceiver) -> None:
        file, end, proof = receiver.file, receiver.end, receiver.proof
        if file is None or end is None or proof is None:
            return
        recording = receiver.header.recording
        del self._arriving[recording]
        self._proofs[recording] = proof
        while len(self._proofs) > PROOFS_REMEMBERED:
            self._proofs.pop(next(iter(self._proofs)))
        self._say(proof)
        is_whole = end.is_complete and receiver.matches
        self._tell_done(receiver, file, False, is_whole)
        self._on_event(ScopeProof(recording, end.sha256.hex(), receiver.matches))

    def _prove(self, sender: ScopeSender) -> None:
        if sender.proof is None or sender.sha256 is None:
            return
        matches = sender.proof == sender.sha256
        del self._departing[sender.header.recording]
        if not matches:
            log.error("a recording arrived with another hash (%s)", Code.HASH_MISMATCH)
        self._on_event(ScopeProof(sender.header.recording, sender.proof.hex(), matches))

    def _refuse(self, code: Code) -> None:
        self.refused += 1
        if self.refused.bit_count() == 1:  # the far side must not fill our log either
            log.warning("scope messages refused: %d (%s)", self.refused, code)

    # --- what goes -------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        if self._line is None:
            return
        figures = self._line.figures()
        for departing in self._departing.values():
            departing.look(figures, now)
        for arriving in self._arriving.values():
            arriving.round_trip_s = figures.round_trip_s

    def _send_due(self, elapsed_s: float) -> None:
        if self._line is None:
            return
        room = min(WAITING_MOST_BYTES - self._line.waiting_bytes(), int(RATE_BYTES_S * elapsed_s))
        for departing in self._departing.values():
            if room <= 0:
                return
            room -= self._send_words(departing, room)

    def _send_words(self, departing: Departing, most_bytes: int) -> int:
        words = departing.words_due(most_bytes, self._clock(), has_packets=self._has_packets)
        return sum(self._say(word) for word in words)

    def _repair(self, now: float) -> None:
        if not self._has_packets:
            return
        for departing in self._departing.values():
            for packet in departing.repairs_due(now):
                self._say_packet(packet)

    def _answer(self, now: float) -> None:
        is_due = now - self._answered_at >= ANSWER_EVERY_S
        is_live_due = now - self._answered_at >= ANSWER_LIVE_EVERY_S
        if is_due and (is_live_due or not self._has_packets or self._hears_earlier_release):
            self._answered_at = now
            for arriving in self._arriving.values():
                self._say(arriving.receiver.answer())
        for arriving in self._arriving.values():
            if self._has_packets and (report := arriving.report_due(now)) is not None:
                self._say_packet(report)

    @property
    def _has_packets(self) -> bool:
        return self._line is not None and self._line.send_packet is not None

    @property
    def _hears_earlier_release(self) -> bool:
        return any(not one.receiver.header.block_samples for one in self._arriving.values())

    def _say(self, word: ScopeWord) -> int:
        """How many bytes went out; none when the line is gone, which link_up() makes good."""
        data = bytes_of(word)
        assert len(data) <= MAX_MESSAGE_BYTES
        if self._line is None:
            return 0
        try:
            self._line.send(data)
        except Unavailable:
            self._line = None
            return 0
        return len(data)

    def _say_packet(self, packet: bytes) -> None:
        if self._line is not None and self._line.send_packet is not None:
            self._line.send_packet(packet)

    def _forget_oldest(self) -> None:
        """An outage may last; the record itself is kept elsewhere and reaches the server."""
        finished = [one.sender for one in self._departing.values() if one.sender.is_finished]
        held = sum(sender.held_bytes for sender in finished)
        while held > HELD_MOST_BYTES and finished:
            oldest = finished.pop(0)
            held -= oldest.held_bytes
            del self._departing[oldest.header.recording]
            log.warning("a recording was not proven over the call and is no longer held for it")

    def _tell_done(
        self, end: ScopeSender | ScopeReceiver, file: ScopeFile, is_ours: bool, is_complete: bool
    ) -> None:
        header = end.header
        self._on_event(
            ScopeDone(
                recording=header.recording,
                visit=header.visit,
                site=header.site,
                is_ours=is_ours,
                sample_rate_hz=header.sample_rate_hz,
                samples=file.samples,
                sha256=file.sha256,
                wav=file.wav,
                source=header.source,
                is_complete=is_complete,
                gaps=tuple(end.gaps),
                continues=header.continues,
            )
        )
