"""One recording at the side of the instrument: kept whole until the far side has proven its hash.

Pure: no clock, no line. `due()` gives what may be sent now; a new link starts from what the far
side says it has.
"""

import hashlib
from dataclasses import dataclass

from app.domain.recordings import RECORDING_MAX_SECONDS
from media.auscultation.envelope import Envelope
from media.auscultation.scope_words import (
    Ack,
    Block,
    End,
    Proof,
    ScopeHeader,
    ScopeWord,
    Unknown,
)
from media.auscultation.wav import SAMPLE_BYTES, wav_of

BLOCKS_PER_S = 20  # 50 ms each
MOST_BLOCK_BYTES = 8 * 1024
UNANSWERED_BYTES = 256 * 1024  # sent ahead of what is acknowledged


@dataclass(frozen=True, slots=True)
class ScopeFile:
    wav: bytes
    samples: int
    sha256: str


class ScopeSender:
    def __init__(self, header: ScopeHeader) -> None:
        self.header = header
        self.envelope = Envelope(header.sample_rate_hz)
        samples_a_block = max(1, header.sample_rate_hz // BLOCKS_PER_S)
        self._block_bytes = min(samples_a_block * SAMPLE_BYTES, MOST_BLOCK_BYTES)
        self._most_bytes = header.sample_rate_hz * SAMPLE_BYTES * RECORDING_MAX_SECONDS
        self._samples = bytearray()
        self._end: End | None = None
        self._next = 0
        self._acknowledged = 0
        self._is_begun = False  # the header went out on this link
        self._is_known = False  # the far side answered it
        self._is_end_sent = False
        self.proof: bytes | None = None

    @property
    def is_full(self) -> bool:
        """Ten minutes are recorded; no more is taken."""
        return len(self._samples) >= self._most_bytes

    @property
    def is_finished(self) -> bool:
        return self._end is not None

    @property
    def seconds(self) -> float:
        return len(self._samples) / SAMPLE_BYTES / self.header.sample_rate_hz

    @property
    def missing_blocks(self) -> int:
        """Recorded, and not yet acknowledged by the far side."""
        return self._blocks - self._acknowledged

    @property
    def held_bytes(self) -> int:
        return len(self._samples)

    @property
    def sha256(self) -> bytes | None:
        return self._end.sha256 if self._end else None

    def record(self, samples: bytes) -> None:
        """Whole samples as the instrument gave them."""
        taken = samples[: self._most_bytes - len(self._samples)]
        self._samples += taken
        self.envelope.add(taken)

    def finish(self, is_complete: bool) -> ScopeFile:
        wav = wav_of(self._samples, self.header.sample_rate_hz)
        digest = hashlib.sha256(wav)
        samples = len(self._samples) // SAMPLE_BYTES
        self._end = End(
            self.header.recording, self._all_blocks, samples, digest.digest(), is_complete
        )
        return ScopeFile(wav, samples, digest.hexdigest())

    def new_link(self) -> None:
        """Nothing of the old line counts; the far side is asked what it has."""
        self._is_begun = self._is_known = self._is_end_sent = False

    def heard(self, word: Ack | Proof | Unknown) -> None:
        match word:
            case Unknown():
                self.new_link()
                self._acknowledged = 0
            case Proof(sha256=sha256):
                self.proof = sha256
            case Ack(wanted=wanted, is_back=is_back) if wanted <= self._all_blocks:
                if not self._is_known or is_back:
                    self._next = wanted
                    self._is_end_sent = False
                self._is_known = True
                self._acknowledged = wanted

    def due(self, most_bytes: int) -> list[ScopeWord]:
        """What goes out now, at most about `most_bytes` of it."""
        if not self._is_begun:
            self._is_begun = True
            return [self.header]
        if not self._is_known or self.proof is not None:
            return []
        words: list[ScopeWord] = []
        ahead = self._acknowledged + UNANSWERED_BYTES // self._block_bytes
        while most_bytes > 0 and self._next < min(self._blocks, ahead):
            words.append(self._block(self._next))
            most_bytes -= self._block_bytes
            self._next += 1
        if self._end and self._next == self._end.blocks and not self._is_end_sent:
            self._is_end_sent = True
            words.append(self._end)
        return words

    @property
    def _blocks(self) -> int:
        """Blocks that may go: whole ones, and the last short one when all is recorded."""
        return self._all_blocks if self._end else len(self._samples) // self._block_bytes

    @property
    def _all_blocks(self) -> int:
        return -(-len(self._samples) // self._block_bytes)

    def _block(self, number: int) -> Block:
        at = number * self._block_bytes
        samples = bytes(self._samples[at : at + self._block_bytes])
        return Block(self.header.recording, number, samples)
