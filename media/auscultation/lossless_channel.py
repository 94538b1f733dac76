"""Body sounds to the far side, bit for bit, across any number of links: sends, receives, proves.

Knows no line: a link lends `send`. What is not yet proven is sent again from where the far side
stands; what cannot be read is refused with a logged code. On the loop's thread only.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.engine import ScopeDone, ScopeProgress, ScopeProof
from app.domain.failures import Code, Rejected, Unavailable
from app.domain.ids import RecordId, VisitId
from media.auscultation.scope_receiver import ScopeReceiver
from media.auscultation.scope_sender import ScopeFile, ScopeSender
from media.auscultation.scope_words import (
    MAX_MESSAGE_BYTES,
    Block,
    End,
    Proof,
    ScopeHeader,
    ScopeWord,
    Unknown,
    bytes_of,
    word_of,
)

log = logging.getLogger(__name__)

TICK_S = 0.05  # how often the owner calls tick()
ANSWER_EVERY_S = 0.2
PROGRESS_EVERY_S = 0.1
WAITING_MOST_BYTES = 32 * 1024  # in the channel, not yet on the wire
RATE_BYTES_S = 256 * 1024
HELD_MOST_BYTES = 64 * 1024 * 1024  # more than ten minutes at 48 kHz
ARRIVING_MOST = 2
PROOFS_REMEMBERED = 32

ScopeEvent = ScopeProgress | ScopeDone | ScopeProof


@dataclass(frozen=True, slots=True)
class Line:
    """What a link lends: `send` may raise Unavailable, `waiting_bytes` is its backlog."""

    send: Callable[[bytes], None]
    waiting_bytes: Callable[[], int]


class LosslessChannel:
    """Both directions of one visit; headers of another visit are refused."""

    def __init__(
        self,
        visit: VisitId,
        on_event: Callable[[ScopeEvent], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._visit = visit
        self._on_event = on_event
        self._clock = clock
        self._line: Line | None = None
        self._sending: dict[RecordId, ScopeSender] = {}
        self._ours: set[RecordId] = set()
        self._arriving: dict[RecordId, ScopeReceiver] = {}
        self._proofs: dict[RecordId, Proof] = {}
        self._ticked_at = self._answered_at = self._progress_at = clock()
        self.refused = 0  # messages that made no sense

    # --- our own instrument ----------------------------------------------------------------

    def start(self, header: ScopeHeader) -> None:
        """A recording begins; it goes out as it grows while there is a line."""
        if header.visit != self._visit:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        self._sending[header.recording] = ScopeSender(header)
        self._ours.add(header.recording)

    def record(self, recording: RecordId, samples: bytes) -> bool:
        """16 bit samples as the instrument gave them. False: ten minutes are full, finish it."""
        sender = self._sending[recording]
        sender.record(samples)
        return not sender.is_full

    def finish(self, recording: RecordId, *, is_complete: bool) -> None:
        """ScopeDone is told now; ScopeProof when the far side has all of it."""
        sender = self._sending[recording]
        if not sender.is_finished:
            self._tell_done(sender.header, sender.finish(is_complete), True, is_complete)
            self._forget_oldest()

    def end(self) -> None:
        """The call is over: what runs is finished as cut short, nothing is sent any more."""
        for recording in list(self._sending):
            self.finish(recording, is_complete=False)
        self._sending.clear()
        self._arriving.clear()
        self._line = None

    # --- the line --------------------------------------------------------------------------

    def link_up(self, line: Line) -> None:
        """A new link, or the same after a gap; everything unproven is taken up again."""
        self._line = line
        for sender in self._sending.values():
            sender.new_link()

    def link_down(self) -> None:
        self._line = None

    def heard(self, data: bytes) -> None:
        """A message of the far side. Never raises for what the far side says."""
        try:
            self._take(word_of(data))
        except Rejected as refused:
            self.refused += 1
            if self.refused.bit_count() == 1:  # the far side must not fill our log either
                log.warning("scope messages refused: %d (%s)", self.refused, refused.code)
            for receiver in self._arriving.values():
                receiver.lost()

    def tick(self) -> None:
        """Send what is due; called every TICK_S by the owner."""
        now = self._clock()
        elapsed_s, self._ticked_at = min(now - self._ticked_at, 4 * TICK_S), now
        self._send_due(elapsed_s)
        if now - self._answered_at >= ANSWER_EVERY_S:
            self._answered_at = now
            for receiver in self._arriving.values():
                self._say(receiver.answer())
        if now - self._progress_at >= PROGRESS_EVERY_S:
            self._progress_at = now
            self._tell_progress()

    # --- inside ----------------------------------------------------------------------------

    def _take(self, word: ScopeWord) -> None:
        match word:
            case ScopeHeader():
                self._begin(word)
            case Block(recording=recording) | End(recording=recording):
                self._take_sound(recording, word)
            case _:
                sender = self._sending.get(word.recording)
                if sender is not None:
                    sender.heard(word)
                    self._prove(sender)

    def _begin(self, header: ScopeHeader) -> None:
        if header.visit != self._visit:
            raise Rejected(Code.MEASURED_FOR_ANOTHER_VISIT)
        if header.recording in self._ours:  # theirs under our name would take the place of ours
            raise Rejected(Code.OP_REUSED, "scope header")
        if (proof := self._proofs.get(header.recording)) is not None:
            self._say(proof)
            return
        receiver = self._arriving.get(header.recording)
        if receiver is None:
            while len(self._arriving) >= ARRIVING_MOST:  # the oldest was given up over there
                self._arriving.pop(next(iter(self._arriving)))
            receiver = self._arriving[header.recording] = ScopeReceiver(header)
        elif receiver.header != header:
            raise Rejected(Code.MALFORMED, "scope header")
        self._say(receiver.answer())

    def _take_sound(self, recording: RecordId, word: Block | End) -> None:
        receiver = self._arriving.get(recording)
        if receiver is None:
            self._say(self._proofs.get(recording) or Unknown(recording))
        elif isinstance(word, Block):
            receiver.take(word)
        else:
            receiver.finish(word)
            self._arrived(receiver)

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
        self._tell_done(receiver.header, file, False, is_whole)
        self._on_event(ScopeProof(recording, end.sha256.hex(), receiver.matches))

    def _prove(self, sender: ScopeSender) -> None:
        if sender.proof is None or sender.sha256 is None:
            return
        matches = sender.proof == sender.sha256
        del self._sending[sender.header.recording]
        if not matches:
            log.error("a recording arrived with another hash (%s)", Code.HASH_MISMATCH)
        self._on_event(ScopeProof(sender.header.recording, sender.proof.hex(), matches))

    def _send_due(self, elapsed_s: float) -> None:
        if self._line is None:
            return
        room = min(WAITING_MOST_BYTES - self._line.waiting_bytes(), int(RATE_BYTES_S * elapsed_s))
        for sender in self._sending.values():
            if room <= 0:
                return
            for word in sender.due(room):
                room -= self._say(word)

    def _say(self, word: ScopeWord) -> int:
        """How many bytes went out; none when the line is gone, which new_link() makes good."""
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

    def _forget_oldest(self) -> None:
        """An outage may last; the record itself is kept elsewhere and reaches the server."""
        finished = [sender for sender in self._sending.values() if sender.is_finished]
        held = sum(sender.held_bytes for sender in finished)
        while held > HELD_MOST_BYTES and finished:
            oldest = finished.pop(0)
            held -= oldest.held_bytes
            del self._sending[oldest.header.recording]
            log.warning("a recording was not proven over the call and is no longer held for it")

    def _tell_progress(self) -> None:
        for sender in self._sending.values():
            if not sender.is_finished:
                self._on_event(self._progress_of(sender, True))
        for receiver in self._arriving.values():
            self._on_event(self._progress_of(receiver, False))

    def _progress_of(self, end: ScopeSender | ScopeReceiver, is_ours: bool) -> ScopeProgress:
        return ScopeProgress(
            recording=end.header.recording,
            visit=end.header.visit,
            site=end.header.site,
            is_ours=is_ours,
            seconds=end.seconds,
            level=end.envelope.level,
            missing_blocks=end.missing_blocks,
            is_line_up=self._line is not None,
            envelope=end.envelope.peaks,
        )

    def _tell_done(
        self, header: ScopeHeader, file: ScopeFile, is_ours: bool, is_complete: bool
    ) -> None:
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
            )
        )
