"""What listening to a body costs: filter, heart rate, columns and faults of a sound as it comes."""

import time
from collections.abc import Iterator

import numpy as np

from bench.devices.amount import Amount
from bench.heart_sounds import heart_sound
from bench.rows import Row, rounded, spread_of
from media.auscultation.filters import LiveFilter, bands_for
from media.auscultation.heart_rate import HeartRateWatch
from media.auscultation.sound_faults import SoundFaults
from media.auscultation.spectrogram import Spectrogram

BLOCK_S = 0.05
SECONDS, QUICK_SECONDS = 60.0, 5.0
RATES_HZ = (4000, 8000, 48_000)
TURNS = 3


def rows(amount: Amount) -> Iterator[Row]:
    seconds = QUICK_SECONDS if amount.is_quick else SECONDS
    for rate_hz in RATES_HZ:
        shares = [100 * _busy_s(rate_hz, seconds) / seconds for _ in range(TURNS)]
        yield Row(
            f"listening at {rate_hz} Hz: share of one core",
            "%",
            rounded(sorted(shares)[TURNS // 2]),
            TURNS,
            spread_of(shares),
            f"median of {TURNS} times {seconds:g} s in blocks of 50 ms: live filter, heart rate "
            "once a second, spectrogram, faults; without the line and the sound device",
            "<= 3.0",
        )


def _busy_s(rate_hz: int, seconds: float) -> float:
    """Processor time of this process."""
    sound = _sound(rate_hz, seconds)
    listening = LiveFilter(bands_for(rate_hz)[-1], rate_hz)
    watch, columns, faults = HeartRateWatch(rate_hz), Spectrogram(rate_hz), SoundFaults(rate_hz)
    block = round(BLOCK_S * rate_hz)
    started = time.process_time()
    for start in range(0, len(sound) - block + 1, block):
        samples = sound[start : start + block]
        listening.run(samples)
        watch.heard(samples)
        columns.heard(samples)
        faults.heard(samples)
    return time.process_time() - started


def _sound(rate_hz: int, seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """An invented heart, its samples taken as ones of this rate: what it costs is the same."""
    sound = heart_sound(0).samples
    count = round(seconds * rate_hz)
    return np.tile(sound, -(-count // len(sound)))[:count]
