"""What is judged of a body sound while it runs: heart rate, spectrum, what is wrong with it."""

from app.domain.engine import SoundFault
from media.auscultation.curve_maker import Samples
from media.auscultation.heart_rate import HeartRateWatch
from media.auscultation.sound_faults import SoundFaults
from media.auscultation.spectrogram import COLUMNS_PER_S, Spectrogram

COLUMN_S = 1 / COLUMNS_PER_S


class LiveAnalysis:
    """Of one recording at one rate, from `from_s` of it on; fed with what is heard, in order."""

    def __init__(self, rate_hz: int, from_s: float) -> None:
        self._spectrogram = Spectrogram(rate_hz)
        self._heart = HeartRateWatch(rate_hz)
        self._faults = SoundFaults(rate_hz)
        self._from_s = from_s
        self._columns = 0
        self.heart_rate_bpm: float | None = None
        self.heart_confidence = 0.0
        self.faults: tuple[SoundFault, ...] = ()

    def heard(self, samples: Samples) -> list[tuple[float, bytes]]:
        """Columns of the spectrum that are whole now: at which second, and loudness by band."""
        found = self._faults.heard(samples)
        self.faults = tuple(fault for fault in SoundFault if fault in found)
        estimate = self._heart.heard(samples)
        if estimate is not None:
            self.heart_rate_bpm = estimate.bpm
            self.heart_confidence = estimate.confidence
        made = self._spectrogram.heard(samples)
        first, self._columns = self._columns, self._columns + len(made)
        return [
            (self._from_s + (first + place) * COLUMN_S, column) for place, column in enumerate(made)
        ]
