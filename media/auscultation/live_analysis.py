"""What is judged of a body sound while it runs: heart rate, spectrum, what is wrong with it.

Each is asked as often as an eye looks, and not with each piece that comes: most of the cost is in
the asking.
"""

import numpy as np

from app.domain.engine import SoundFault
from media.auscultation.curve_maker import Samples
from media.auscultation.heart_rate import HeartRateWatch
from media.auscultation.sound_faults import SoundFaults
from media.auscultation.spectrogram import COLUMNS_PER_S, Spectrogram

COLUMN_S = 1 / COLUMNS_PER_S
JUDGED_EVERY_S = 0.25


class LiveAnalysis:
    """Of one recording at one rate, from `from_s` of it on; fed with what is heard, in order."""

    def __init__(self, rate_hz: int, from_s: float) -> None:
        self._spectrogram = Spectrogram(rate_hz)
        self._heart = HeartRateWatch(rate_hz)
        self._faults = SoundFaults(rate_hz)
        self._from_s = from_s
        self._columns = 0
        self._to_draw = _Gathered(rate_hz * COLUMN_S)
        self._to_judge = _Gathered(rate_hz * JUDGED_EVERY_S)
        self.heart_rate_bpm: float | None = None
        self.heart_confidence = 0.0
        self.faults: tuple[SoundFault, ...] = ()

    def heard(self, samples: Samples) -> list[tuple[float, bytes]]:
        """Columns of the spectrum that are whole now: at which second, and loudness by band."""
        if (piece := self._to_judge.with_these(samples)) is not None:
            self._judge(piece)
        if (piece := self._to_draw.with_these(samples)) is None:
            return []
        made = self._spectrogram.heard(piece)
        first, self._columns = self._columns, self._columns + len(made)
        return [
            (self._from_s + (first + place) * COLUMN_S, column) for place, column in enumerate(made)
        ]

    def _judge(self, piece: Samples) -> None:
        self.faults = tuple(sorted(self._faults.heard(piece)))
        self._heart.heard(piece)
        now = self._heart.now  # none: what was heard before must not stand there for ever
        self.heart_rate_bpm = now.beats_per_minute if now else None
        self.heart_confidence = now.confidence if now else 0.0


class _Gathered:
    """Pieces until they are so many samples together."""

    def __init__(self, enough: float) -> None:
        self._enough = enough
        self._pieces: list[Samples] = []
        self._count = 0

    def with_these(self, samples: Samples) -> Samples | None:
        self._pieces.append(samples)
        self._count += len(samples)
        if self._count < self._enough:
            return None
        pieces, self._pieces, self._count = self._pieces, [], 0
        return np.concatenate(pieces)
