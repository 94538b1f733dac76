"""A body sound on its way to one pair of ears: filtered as they wish, made louder, at 48 kHz.

Only what is heard passes here; what is kept and what is sent does not.
"""

import av
import numpy as np

from app.domain.listening import SoundBand
from media.auscultation.curve_maker import Samples
from media.auscultation.filters import Band, LiveFilter, bands_for

EAR_RATE_HZ = 48_000
LARGEST, SMALLEST = 32_767, -32_768
SILENCE_MOST_S = 0.5


class Listener:
    """Of one rate; made anew when another filter is wished. Fed however it is cut."""

    def __init__(self, rate_hz: int, band: SoundBand | None, gain_db: int) -> None:
        self.rate_hz, self.band, self.gain_db = rate_hz, band, gain_db
        self._gain = 10 ** (gain_db / 20)
        wished = None if band is None else Band(band)
        # A band that this rate does not hold is no filter at all: nothing is promised for it.
        self._filter = LiveFilter(wished, rate_hz) if wished in bands_for(rate_hz) else None
        self._more = av.AudioResampler(format="s16", layout="mono", rate=EAR_RATE_HZ)

    def run(self, samples: Samples) -> Samples:
        if self._filter is not None:
            samples = self._filter.run(samples)
        if self.gain_db:
            louder = np.rint(samples * self._gain)
            samples = np.clip(louder, SMALLEST, LARGEST).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self.rate_hz
        made = [part.to_ndarray().reshape(-1) for part in self._more.resample(frame)]
        return np.concatenate(made).astype(np.int16) if made else np.zeros(0, dtype=np.int16)

    def silence(self, seconds: float) -> Samples:
        """What was not there in time is heard as nothing."""
        return self.run(np.zeros(int(min(seconds, SILENCE_MOST_S) * self.rate_hz), dtype=np.int16))
