"""What the eye is shown of a recording while it runs: peaks, 50 a second, and the level."""

from collections import deque

import numpy as np
import numpy.typing as npt

PEAKS_PER_S = 50
PEAKS_SHOWN = 150  # three seconds
LEVEL_OF_S = 0.1
FULL_SCALE = 32768.0


class Envelope:
    """Fed with 16 bit samples however they are cut."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._per_peak = max(1, sample_rate_hz // PEAKS_PER_S)
        self._level_samples = int(sample_rate_hz * LEVEL_OF_S)
        self._rest = np.zeros(0, dtype=np.int16)
        self._newest = np.zeros(0, dtype=np.int16)
        self._peaks: deque[float] = deque(maxlen=PEAKS_SHOWN)

    def add(self, samples: bytes) -> None:
        fresh = np.frombuffer(samples, dtype="<i2")
        self._newest = np.concatenate((self._newest, fresh))[-self._level_samples :]
        waiting = np.concatenate((self._rest, fresh))
        whole = len(waiting) // self._per_peak * self._per_peak
        groups = waiting[:whole].astype(np.int32).reshape(-1, self._per_peak)
        self._peaks.extend(float(peak) for peak in np.abs(groups).max(axis=1) / FULL_SCALE)
        self._rest = waiting[whole:]

    @property
    def peaks(self) -> tuple[float, ...]:
        """The newest three seconds, oldest first, 0..1."""
        return tuple(round(peak, 4) for peak in self._peaks)

    @property
    def level(self) -> float:
        """Root mean square of the last 100 ms, 0..1."""
        return level_of(self._newest)


def level_of(samples: npt.NDArray[np.int16]) -> float:
    """Root mean square of 16 bit samples, 0..1."""
    if len(samples) == 0:
        return 0.0
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))) / FULL_SCALE)
