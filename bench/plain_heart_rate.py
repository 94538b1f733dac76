"""The peer of the heart rate: what a textbook does, without a second thought.

The envelope of the heart's band, its autocorrelation, the highest peak between 40 and 180 a minute,
whose height is the confidence.
"""

import numpy as np
import numpy.typing as npt

BAND_HZ = (20.0, 150.0)
ENVELOPE_RATE_HZ = 100
SLOWEST, FASTEST = 40.0, 180.0


def plain_heart_rate(samples: npt.NDArray[np.int16], rate_hz: int) -> tuple[float, float] | None:
    """(beats a minute, confidence)."""
    if len(samples) < rate_hz:
        return None
    envelope = _envelope(samples.astype(np.float64), rate_hz)
    envelope = envelope - envelope.mean()
    size = 1 << (2 * len(envelope)).bit_length()
    power = np.abs(np.fft.rfft(envelope, size)) ** 2
    likeness = np.fft.irfft(power, size)[: len(envelope)]
    if likeness[0] <= 0:
        return None
    likeness = likeness / likeness[0] * len(envelope) / np.arange(len(envelope), 0, -1)
    first = int(np.ceil(60 * ENVELOPE_RATE_HZ / FASTEST))
    last = min(int(60 * ENVELOPE_RATE_HZ / SLOWEST) + 1, len(likeness) - 1)
    if last <= first:
        return None
    best = first + int(np.argmax(likeness[first:last]))
    return 60 * ENVELOPE_RATE_HZ / best, float(np.clip(likeness[best], 0, 1))


def _envelope(sound: npt.NDArray[np.float64], rate_hz: int) -> npt.NDArray[np.float64]:
    """The length of the analytic signal of the band, a hundred times a second."""
    lines = np.fft.fft(sound)
    places_hz = np.fft.fftfreq(len(sound), 1 / rate_hz)
    lines[(places_hz < BAND_HZ[0]) | (places_hz > BAND_HZ[1])] = 0
    envelope = np.abs(np.fft.ifft(2 * lines))
    group = rate_hz // ENVELOPE_RATE_HZ
    count = round(len(sound) * ENVELOPE_RATE_HZ / rate_hz)
    begins = (np.arange(count) * rate_hz / ENVELOPE_RATE_HZ).astype(np.int64)
    sums = np.concatenate(([0.0], np.cumsum(envelope)))
    ends = np.minimum(begins + group, len(sound))
    return np.asarray((sums[ends] - sums[begins]) / np.maximum(ends - begins, 1))
