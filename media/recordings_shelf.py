"""Finished recordings wait here until a screen has said that they are kept.

They lie in sealed memory, never on a disk; a new screen gets them all again.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.engine import ScopeDone, ScopeProof
from app.domain.failures import Code
from app.domain.ids import RecordId
from media.link.messages import News
from media.link.sealed_memory import new_sealed
from media.link.sound_words import ScopeFile

log = logging.getLogger(__name__)

MOST_RECORDINGS = 32
MOST_BYTES = 512 * 1024 * 1024

Tell = Callable[[News, int | None], bool]


@dataclass(slots=True)
class _Waiting:
    word: ScopeFile
    descriptor: int
    proof: ScopeProof | None = None


class RecordingsShelf:
    """`tell` gives a word with its descriptor to the screen, when one is there."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waiting: dict[RecordId, _Waiting] = {}

    def add(self, done: ScopeDone) -> None:
        word = ScopeFile(
            recording=done.recording,
            visit=done.visit,
            site=done.site,
            is_ours=done.is_ours,
            sample_rate_hz=done.sample_rate_hz,
            samples=done.samples,
            sha256=done.sha256,
            source=done.source,
            is_complete=done.is_complete,
            wav_bytes=len(done.wav),
            gaps=done.gaps,
            continues=done.continues,
        )
        if (known := self._waiting.get(done.recording)) is not None:
            if known.word.is_ours and not done.is_ours:
                log.error("a far recording under the name of ours: %s", Code.OP_REUSED)
                return
            self.kept(done.recording)
        if not self._make_room(len(done.wav), is_ours=done.is_ours):
            log.error("no room for a recording of the far side: %s", Code.OVERRUN)
            return
        waiting = _Waiting(word, new_sealed(done.wav, "recording"))
        self._waiting[done.recording] = waiting
        self._tell(word, waiting.descriptor)

    def prove(self, proof: ScopeProof) -> None:
        """Told now, and again with the recording when a new screen comes before it is kept."""
        if (waiting := self._waiting.get(proof.recording)) is not None:
            waiting.proof = proof
        self._tell(proof, None)

    def kept(self, recording: RecordId) -> None:
        """The screen has it; its memory goes."""
        if (waiting := self._waiting.pop(recording, None)) is not None:
            os.close(waiting.descriptor)

    def screen_came(self) -> None:
        for waiting in self._waiting.values():
            self._tell(waiting.word, waiting.descriptor)
            if waiting.proof is not None:
                self._tell(waiting.proof, None)

    def close(self) -> None:
        for recording in tuple(self._waiting):
            self.kept(recording)

    def _make_room(self, size: int, *, is_ours: bool) -> bool:
        """Nobody kept them for a long time; what is newest is what somebody waits for.

        Copies of the far side's go first: they keep theirs, and must not push ours out.
        """
        while self._waiting and (
            len(self._waiting) >= MOST_RECORDINGS or self._bytes + size > MOST_BYTES
        ):
            copies = (name for name, one in self._waiting.items() if not one.word.is_ours)
            oldest = next(copies, next(iter(self._waiting)) if is_ours else None)
            if oldest is None:
                return False
            log.error("a finished recording was never kept and is given up: %s", Code.OVERRUN)
            self.kept(oldest)
        return True

    @property
    def _bytes(self) -> int:
        return sum(waiting.word.wav_bytes for waiting in self._waiting.values())
