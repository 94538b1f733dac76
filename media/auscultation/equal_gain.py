"""Two recordings side by side, as loud as they were to each other: one gain for both."""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

FULL_SCALE = 32767.0
PEAK = 0.89  # 1 dB below full scale
MOST_GAIN = 30.0  # more would show the noise of two silent recordings


def equal_gain(one: Samples, other: Samples) -> tuple[Samples, Samples, float]:
    """Both with the same gain, the largest with which neither clips, and that gain."""
    peak = max(_peak(one), _peak(other))
    gain = min(MOST_GAIN, PEAK * FULL_SCALE / peak) if peak else 1.0
    return _louder(one, gain), _louder(other, gain), gain


def _peak(samples: Samples) -> float:
    return float(np.abs(samples.astype(np.int32)).max(initial=0))


def _louder(samples: Samples, gain: float) -> Samples:
    louder: Samples = np.rint(samples * gain).astype(np.int16)
    return louder
