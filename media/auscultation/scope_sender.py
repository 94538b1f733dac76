"""One recording at the side of the instrument: kept whole until the far side has proven its hash.

Pure: no clock, no line. `due()` gives what may be sent now the slow, sure way; a new link starts
from what the far side says it has. While it goes live (`live_sender`), only the frame goes here.
"""

import hashlib
from dataclasses import dataclass

from app.domain.recordings import GAPS_MOST, SoundGap
from media.auscultation.overview import Overview, level_at_end
from media.auscultation.scope_words import (
    Ack,
    Away,
    Block,
    End,
    Gap,
    Proof,
    ScopeHeader,
    ScopeWord,
    Unknown,
)
from media.auscultation.sound_blocks import MadeBlocks
from media.auscultation.wav import SAMPLE_BYTES, wav_of

UNANSWERED_BYTES = 256 * 1024  # sent ahead of what is acknowledged


@dataclass(frozen=True, slots=True)
class ScopeFile:
    wav: bytes
    samples: int
    sha256: str


class ScopeSender:
    def __init__(self, header: ScopeHeader) -> None:
        self.header = header
        self.blocks = MadeBlocks(header.sample_rate_hz)
        self.overview = Overview(header.sample_rate_hz)
        self.gaps: list[SoundGap] = []
        self._block_bytes = self.blocks.block_samples * SAMPLE_BYTES
        self._end: End | None = None
        self._next = 0
        self._acknowledged = 0
        self.is_away = False  # the instrument
        self._gaps_said = 0
        self._is_away_said = False
        self._is_begun = False  # the header went out on this link
        self._is_known = False  # the far side answered it
        self._is_end_sent = False
        self.proof: bytes | None = None

    @property
    def is_full(self) -> bool:
        """Ten minutes are recorded; no more is taken."""
        return self.blocks.is_full

    @property
    def is_finished(self) -> bool:
        return self._end is not None

    @property
    def seconds(self) -> float:
        return len(self.blocks.samples) / SAMPLE_BYTES / self.header.sample_rate_hz

    @property
    def level(self) -> float:
        return level_at_end(self.blocks.samples, self.header.sample_rate_hz)

    @property
    def missing_blocks(self) -> int:
        """Recorded, and not yet acknowledged by the far side."""
        return self.sendable - self._acknowledged

    @property
    def sendable(self) -> int:
        """Blocks that may go: whole ones, and the last short one when all is recorded."""
        return self.blocks.all if self._end else self.blocks.whole

    @property
    def held_bytes(self) -> int:
        return len(self.blocks.samples)

    @property
    def sha256(self) -> bytes | None:
        return self._end.sha256 if self._end else None

    def record(self, samples: bytes) -> bytes:
        """Whole samples as the instrument gave them; what was taken of them."""
        at_sample = len(self.blocks.samples) // SAMPLE_BYTES
        taken = self.blocks.add(samples)
        self.overview.put(at_sample, taken)
        return taken

    def mark_gap(self, missing_ms: int) -> None:
        """The instrument was away since the last sample."""
        if len(self.gaps) < GAPS_MOST:
            self.gaps.append(SoundGap(len(self.blocks.samples) // SAMPLE_BYTES, missing_ms))

    def finish(self, is_complete: bool) -> ScopeFile:
        wav = wav_of(self.blocks.samples, self.header.sample_rate_hz)
        digest = hashlib.sha256(wav)
        samples = len(self.blocks.samples) // SAMPLE_BYTES
        self._end = End(
            self.header.recording, self.blocks.all, samples, digest.digest(), is_complete
        )
        return ScopeFile(wav, samples, digest.hexdigest())

    def new_link(self) -> None:
        """Nothing of the old line counts; the far side is asked what it has."""
        self._is_begun = self._is_known = self._is_end_sent = False
        self._gaps_said, self._is_away_said = 0, False

    def heard(self, word: Ack | Proof | Unknown) -> None:
        match word:
            case Unknown():
                self.new_link()
                self._acknowledged = 0
            case Proof(sha256=sha256):
                self.proof = sha256
            case Ack(wanted=wanted, is_back=is_back) if wanted <= self.blocks.all:
                if not self._is_known or is_back:
                    self._next = wanted
                    self._is_end_sent = False
                self._is_known = True
                self._acknowledged = wanted

    def has_arrived(self, wanted: int) -> None:
        """By the live way: all below is there."""
        if self._acknowledged < wanted <= self.blocks.all:
            self._acknowledged = wanted
            self._next = max(self._next, wanted)

    def due(self, most_bytes: int, *, is_live: bool = False) -> list[ScopeWord]:
        """What goes out now, at most about `most_bytes` of it; with `is_live` no sound."""
        if not self._is_begun:
            self._is_begun = True
            return [self.header]
        if not self._is_known or self.proof is not None:
            return []
        words = self._instrument_due()
        if not is_live:
            words += self._blocks_due(most_bytes)
        is_all_sent = self._end is not None and (is_live or self._next == self._end.blocks)
        if self._end is not None and is_all_sent and not self._is_end_sent:
            self._is_end_sent = True
            words.append(self._end)
        return words

    def _instrument_due(self) -> list[ScopeWord]:
        recording = self.header.recording
        fresh, self._gaps_said = self.gaps[self._gaps_said :], len(self.gaps)
        words: list[ScopeWord] = [Gap(recording, gap.at_sample, gap.missing_ms) for gap in fresh]
        if self.is_away != self._is_away_said:
            self._is_away_said = self.is_away
            words.append(Away(recording, self.is_away))
        return words

    def _blocks_due(self, most_bytes: int) -> list[ScopeWord]:
        words: list[ScopeWord] = []
        ahead = self._acknowledged + UNANSWERED_BYTES // self._block_bytes
        while most_bytes > 0 and self._next < min(self.sendable, ahead):
            samples = self.blocks.block(self._next)
            words.append(Block(self.header.recording, self._next, samples))
            most_bytes -= self._block_bytes
            self._next += 1
        return words
