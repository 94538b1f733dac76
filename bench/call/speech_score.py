"""How the far voice sounded: the source file against all that the sound device received.

Segments of the whole length, none left out, each aligned by cross-correlation. PESQ-WB (ITU-T
P.862.2) and STOI need 16 kHz.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
SEGMENT_S = 10.0
EARLIEST_S, LATEST_S = -0.05, 2.5  # of the delay that is looked for
TAPS = 193  # of the filter before two of three samples are left out
PASS_HZ = 7_400.0
CHUNK = 3 * 10 * RATE_HZ  # of 48 kHz, filtered at once
FRAME = RATE_HZ // 100  # 10 ms
ACTIVE_DB = -30.0  # below the loudest frame of its segment
MISSING_DB = -20.0  # below what was said
NEAR_FRAMES = 3  # a stretched voice is that much out of step

Sound = npt.NDArray[np.float64]  # 16 kHz, -1..1
Judge = Callable[[Sound, Sound], tuple[float, float]]  # said, heard: PESQ-WB, STOI


@dataclass(frozen=True, slots=True)
class SpeechScore:
    """`missing_percent`: of the 10 ms frames in which something was said."""

    pesq: float
    stoi: float
    delay_ms: float
    longest_gap_ms: float
    missing_percent: float


def at_16_khz(samples: npt.NDArray[np.int16]) -> Sound:
    """Of sound at 48 kHz: a low pass (windowed sinc), then every third sample."""
    half = TAPS // 2
    taps = np.sinc((np.arange(TAPS) - half) * 2 * PASS_HZ / (3 * RATE_HZ)) * np.blackman(TAPS)
    taps /= taps.sum() * 32768
    padded = np.concatenate((np.zeros(half, np.int16), samples, np.zeros(half, np.int16)))
    parts = [np.zeros(0)]
    for first in range(0, len(samples), CHUNK):
        part = padded[first : first + CHUNK + 2 * half]
        parts.append(_convolved(part.astype(np.float64), taps)[2 * half : len(part) : 3])
    return np.concatenate(parts)


def _convolved(sound: Sound, taps: Sound) -> Sound:
    size = len(sound) + len(taps) - 1
    product = np.fft.rfft(sound, size) * np.fft.rfft(taps, size)
    return np.asarray(np.fft.irfft(product, size))


def score(
    said: Callable[[float, float], Sound],
    heard: Sound,
    heard_at: float,
    judge: Judge,
    *,
    start: float,
    end: float,
) -> SpeechScore:
    """`said(from, to)` gives what was spoken between two instants; the means of all segments."""
    parts = []
    count = max(1, round((end - start) / SEGMENT_S))
    for number in range(count):
        first = start + number * (end - start) / count
        last = first + (end - start) / count
        parts.append(_segment(said(first, last), heard, first - heard_at, judge))
    return SpeechScore(
        pesq=float(np.mean([part.pesq for part in parts])),
        stoi=float(np.mean([part.stoi for part in parts])),
        delay_ms=float(np.median([part.delay_ms for part in parts])),
        longest_gap_ms=max(part.longest_gap_ms for part in parts),
        missing_percent=float(np.mean([part.missing_percent for part in parts])),
    )


def lag_samples(said: Sound, heard: Sound) -> int:
    """Where in `heard` (longer) `said` lies best, loud or soft."""
    likeness = _convolved(heard, said[::-1])[len(said) - 1 :]
    sums = np.concatenate(([0.0], np.cumsum(heard**2)))
    energy = sums[len(said) :] - sums[: -len(said)]
    likeness = likeness[: len(energy)]
    return int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1e-4 * energy.max() + 1e-12))))


def _segment(said: Sound, heard: Sound, offset_s: float, judge: Judge) -> SpeechScore:
    first = round((offset_s + EARLIEST_S) * RATE_HZ)
    last = round((offset_s + LATEST_S) * RATE_HZ) + len(said)
    padded = np.zeros(last - first)
    have = heard[max(first, 0) : max(last, 0)]
    padded[max(-first, 0) : max(-first, 0) + len(have)] = have
    lag = lag_samples(said, padded)
    taken = padded[lag : lag + len(said)]
    gap_ms, missing = _gaps(said, taken)
    likeness, clearness = judge(said, taken)
    return SpeechScore(
        pesq=likeness,
        stoi=clearness,
        delay_ms=(lag / RATE_HZ + EARLIEST_S) * 1000,
        longest_gap_ms=gap_ms,
        missing_percent=missing,
    )


def _gaps(said: Sound, heard: Sound) -> tuple[float, float]:
    """(longest run of frames that were said and not heard, ms; share of those frames, percent)."""
    spoken, arrived = _levels_db(said), _levels_db(heard)
    near = np.max(
        [np.roll(arrived, shift) for shift in range(-NEAR_FRAMES, NEAR_FRAMES + 1)], axis=0
    )
    is_active = spoken > spoken.max() + ACTIVE_DB
    is_missing = is_active & (near < spoken + MISSING_DB)
    longest = run = 0
    for missing in is_missing:
        run = run + 1 if missing else 0
        longest = max(longest, run)
    # The frames beside a hole are heard within reach of it: they are part of the hole.
    longest_ms = 10.0 * (longest + 2 * NEAR_FRAMES) if longest else 0.0
    return longest_ms, 100.0 * float(is_missing.sum()) / max(1, int(is_active.sum()))


def _levels_db(sound: Sound) -> Sound:
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-10))
