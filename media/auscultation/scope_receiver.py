"""One recording at the far side: blocks in their places, what is missing asked for, hash proven.

Pure: no clock, no line. Nothing that arrives makes it grow beyond ten minutes of sound.
"""

import hashlib

from app.domain.recordings import GAPS_MOST, SoundGap
from media.auscultation.block_coder import BlockCoder
from media.auscultation.live_words import MOST_RANGES, Piece, Report, handle_of
from media.auscultation.overview import Overview, level_at_end
from media.auscultation.scope_sender import ScopeFile
from media.auscultation.scope_words import Ack, Block, End, Gap, Proof, ScopeHeader
from media.auscultation.sound_blocks import CameBlocks
from media.auscultation.wav import SAMPLE_BYTES, wav_of

FRESH_BLOCKS_MOST = 4096  # not yet taken for listening; nobody listens to what is older


class ScopeReceiver:
    def __init__(self, header: ScopeHeader) -> None:
        self.header = header
        self.handle = handle_of(header.recording)
        self.overview = Overview(header.sample_rate_hz)
        self._blocks = CameBlocks(header.sample_rate_hz, header.block_samples)
        self._coder = BlockCoder(header.sample_rate_hz, header.block_samples)
        self._gaps: dict[int, SoundGap] = {}
        self.is_away = False  # the instrument
        self._fresh: list[tuple[int, bytes]] = []
        self._said_end: End | None = None
        self._is_back_due = False
        self.file: ScopeFile | None = None
        self.end: End | None = None

    @property
    def seconds(self) -> float:
        """Without a gap from the beginning."""
        return self._blocks.whole_bytes / SAMPLE_BYTES / self.header.sample_rate_hz

    @property
    def seconds_seen(self) -> float:
        return len(self._blocks.samples) / SAMPLE_BYTES / self.header.sample_rate_hz

    @property
    def level(self) -> float:
        return level_at_end(self._blocks.samples, self.header.sample_rate_hz)

    @property
    def missing_blocks(self) -> int:
        _, ranges = self._blocks.missing(MOST_RANGES)
        return sum(length for _, length in ranges)

    @property
    def gaps(self) -> tuple[SoundGap, ...]:
        return tuple(self._gaps[at] for at in sorted(self._gaps))

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

    # --- the sure way ----------------------------------------------------------------------

    def take(self, block: Block) -> None:
        """A later one than is wanted shows a gap; one that is here already changes nothing."""
        if block.number > self._blocks.wanted:
            self._is_back_due = True
        self._put(block.number, block.samples)

    def lost(self) -> None:
        """A block came that was not whole."""
        self._is_back_due = True

    def mark(self, gap: Gap) -> None:
        if gap.at_sample in self._gaps or len(self._gaps) < GAPS_MOST:
            self._gaps[gap.at_sample] = SoundGap(gap.at_sample, gap.missing_ms)

    def finish(self, end: End) -> None:
        """The sender says that this was all; believed only when all of it is here."""
        if self.file is not None:
            return
        self._said_end = end
        self._blocks.seen(end.blocks)
        if self._blocks.wanted < end.blocks:
            self._is_back_due = True
        self._close_when_whole()

    def answer(self) -> Ack | Proof:
        """Told now and then, and at once when a header comes."""
        if (proof := self.proof) is not None:
            return proof
        is_back, self._is_back_due = self._is_back_due, False
        return Ack(self.header.recording, self._blocks.wanted, is_back)

    # --- the live way ----------------------------------------------------------------------

    def take_live(self, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            if self.file is None and not self._blocks.has(piece.number):
                self._put(piece.number, self._coder.plain(piece.coded))

    def fresh(self) -> list[tuple[int, bytes]]:
        """What came since this was asked: at which sample, and the samples."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def report(self) -> Report:
        until, missing = self._blocks.missing(MOST_RANGES)
        return Report(self.handle, self._blocks.wanted, until, self._blocks.newest, tuple(missing))

    # --- inside ----------------------------------------------------------------------------

    def _put(self, number: int, samples: bytes) -> None:
        in_order = len(self._blocks.samples) // SAMPLE_BYTES
        if self.file is not None or not self._blocks.put(number, samples):
            return
        at_sample = number * self.header.block_samples or in_order * bool(number)
        self.overview.put(at_sample, samples)
        if len(self._fresh) < FRESH_BLOCKS_MOST:
            self._fresh.append((at_sample, samples))
        self._close_when_whole()

    def _close_when_whole(self) -> None:
        end = self._said_end
        if end is None or self._blocks.wanted < end.blocks:
            return
        wav = wav_of(self._blocks.samples, self.header.sample_rate_hz)
        samples = len(self._blocks.samples) // SAMPLE_BYTES
        self.end, self.file = end, ScopeFile(wav, samples, hashlib.sha256(wav).hexdigest())
