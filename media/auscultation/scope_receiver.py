"""One recording at the far side: blocks in order, what is missing asked for again, hash proven.

Pure: no clock, no line. Nothing that arrives makes it grow beyond ten minutes of sound.
"""

import hashlib

from app.domain.failures import Code, Rejected
from app.domain.recordings import RECORDING_MAX_SECONDS
from media.auscultation.envelope import Envelope
from media.auscultation.scope_sender import ScopeFile
from media.auscultation.scope_words import Ack, Block, End, Proof, ScopeHeader
from media.auscultation.wav import SAMPLE_BYTES, wav_of


class ScopeReceiver:
    def __init__(self, header: ScopeHeader) -> None:
        self.header = header
        self.envelope = Envelope(header.sample_rate_hz)
        self._most_bytes = header.sample_rate_hz * SAMPLE_BYTES * RECORDING_MAX_SECONDS
        self._samples = bytearray()
        self._wanted = 0
        self._newest = 0  # the highest block number seen, to say how many are missing
        self._is_back_due = False
        self.file: ScopeFile | None = None
        self.end: End | None = None

    @property
    def seconds(self) -> float:
        return len(self._samples) / SAMPLE_BYTES / self.header.sample_rate_hz

    @property
    def missing_blocks(self) -> int:
        return max(0, self._newest - self._wanted)

    @property
    def proof(self) -> Proof | None:
        """Once the end was reached: the hash of what is here."""
        if self.file is None:
            return None
        return Proof(self.header.recording, bytes.fromhex(self.file.sha256))

    @property
    def matches(self) -> bool:
        return (
            self.file is not None
            and self.end is not None
            and self.file.sha256 == self.end.sha256.hex()
        )

    def take(self, block: Block) -> None:
        """The next one is kept; an older one is here already; a later one shows a gap."""
        self._newest = max(self._newest, block.number + 1)
        if block.number > self._wanted:
            self._is_back_due = True
        if block.number != self._wanted or self.file is not None:
            return
        if len(self._samples) + len(block.samples) > self._most_bytes:
            raise Rejected(Code.TOO_LARGE, "recording")
        self._samples += block.samples
        self._wanted += 1
        self.envelope.add(block.samples)

    def lost(self) -> None:
        """A block came that was not whole."""
        self._is_back_due = True

    def finish(self, end: End) -> None:
        """The sender says that this was all; believed only when all of it is here."""
        if self.file is not None:
            return
        self._newest = max(self._newest, end.blocks)
        if self._wanted < end.blocks:
            self._is_back_due = True
            return
        wav = wav_of(self._samples, self.header.sample_rate_hz)
        samples = len(self._samples) // SAMPLE_BYTES
        self.end, self.file = end, ScopeFile(wav, samples, hashlib.sha256(wav).hexdigest())

    def answer(self) -> Ack | Proof:
        """Told every 200 ms and at once when a header comes."""
        if (proof := self.proof) is not None:
            return proof
        is_back, self._is_back_due = self._is_back_due, False
        return Ack(self.header.recording, self._wanted, is_back)
