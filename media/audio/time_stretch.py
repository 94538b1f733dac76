"""A voice a little faster or slower without a change of pitch and without clicks.

One period of the pitch is taken out or said twice, faded over its whole length; where the voice has
no clear period and is not quiet, nothing is done.
"""

import math

import numpy as np

from media.devices.sample_ring import Samples

RATE_HZ = 48_000
# 100 to 400 Hz: what a period of speech is; below the frame of 20 ms there must be room for two.
SHORTEST, LONGEST = RATE_HZ // 400, RATE_HZ // 100
STRETCHABLE = 2 * LONGEST  # samples, 20 ms: of less nothing is taken and nothing repeated
THIN = 6  # the search looks at each sixth sample: 8 kHz carry the pitch
ALIKE = 0.55  # correlation of two neighbours that may be faded into each other
QUIET_RMS = 60.0  # of 32 768


def shortened(samples: Samples) -> Samples:
    """Without one period; the same when none may go."""
    period = _period(samples)
    if period == 0:
        return samples
    joined = _faded(samples[:period], samples[period : 2 * period])
    return np.concatenate((joined, samples[2 * period :]))


def lengthened(samples: Samples) -> Samples:
    """With one period twice; the same when none may be repeated."""
    period = _period(samples)
    if period == 0:
        return samples
    joined = _faded(samples[period : 2 * period], samples[:period])
    return np.concatenate((samples[:period], joined, samples[period:]))


def is_quiet(samples: Samples) -> bool:
    """Nobody hears what is done to it."""
    return _rms(samples) < QUIET_RMS


def _period(samples: Samples) -> int:
    """In samples; 0: there is none that would not be heard."""
    if len(samples) < STRETCHABLE:
        return 0
    if is_quiet(samples):
        return LONGEST
    thin = samples[::THIN].astype(np.float64)
    size = LONGEST // THIN
    first = thin[:size]
    best, found = 0, ALIKE
    for lag in range(SHORTEST // THIN, size + 1):
        window = thin[lag : lag + lag] if lag < size else thin[lag : lag + size]
        likeness = _alike(first[: len(window)], window)
        if likeness > found:
            best, found = lag, likeness
    return _sharpened(samples, best * THIN) if best else 0


def _sharpened(samples: Samples, about: int) -> int:
    """The best period near the one that the thin search found."""
    near = range(max(SHORTEST, about - THIN), min(LONGEST, about + THIN) + 1)
    return max(near, key=lambda lag: _alike(samples[:lag], samples[lag : 2 * lag]))


def _alike(one: "np.ndarray[tuple[int], np.dtype[np.float64]] | Samples", other: object) -> float:
    first, second = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    power = float(np.sqrt(first.dot(first) * second.dot(second)))
    return float(first.dot(second)) / power if power > 0 else 0.0


def _rms(samples: Samples) -> float:
    exact = samples.astype(np.float64)
    return math.sqrt(exact.dot(exact) / max(1, len(exact)))


def _faded(out: Samples, into: Samples) -> Samples:
    rise = (np.arange(len(out)) + 0.5) / len(out)
    mixed: Samples = np.rint(out * (1 - rise) + into * rise).astype(np.int16)
    return mixed
