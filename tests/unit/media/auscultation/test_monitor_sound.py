"""What a narrow line hears is flat from 20 to 1000 Hz; what an ear hears is what it wished."""

import numpy as np
import pytest

from app.domain.listening import SoundBand
from bench.devices.monitor_flatness import change_db
from media.auscultation.listener import EAR_RATE_HZ, Listener
from media.auscultation.monitor_sound import MONITOR_SAMPLES, MonitorSound


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("tone_hz", [20, 60, 250, 1000])
def test_the_monitor_is_flat(tone_hz: int, rate_hz: int) -> None:
    assert abs(change_db(tone_hz, rate_hz)) <= 1.0


def test_its_times_follow_each_other() -> None:
    monitor = MonitorSound(44_100, 120)
    pieces = []
    for _ in range(50):
        pieces += monitor.made(bytes(2 * 1764))
    assert [piece.number for piece in pieces] == [120 + 40 * n for n in range(len(pieces))]
    assert len(pieces) >= 48
    assert MONITOR_SAMPLES == 320


def tone_at_ear(rate_hz: int, tone_hz: float, band: SoundBand | None, gain_db: int) -> float:
    """Its height; it goes in 3000 high."""
    at = np.arange(2 * rate_hz) / rate_hz
    samples = (3000 * np.sin(2 * np.pi * tone_hz * at)).astype(np.int16)
    listener = Listener(rate_hz, band, gain_db)
    heard = np.concatenate([listener.run(samples[n : n + 160]) for n in range(0, len(at), 160)])
    assert abs(len(heard) - 2 * EAR_RATE_HZ) < 0.05 * EAR_RATE_HZ
    return float(np.sqrt(2 * np.mean(heard[EAR_RATE_HZ:].astype(float) ** 2)))


def test_without_a_filter_the_ear_hears_it_as_it_is() -> None:
    assert abs(tone_at_ear(4000, 40, None, 0) / 3000 - 1) < 0.05
    assert abs(tone_at_ear(4000, 40, None, 12) / 3000 - 10 ** (12 / 20)) < 0.3


def test_each_listener_has_the_filter_of_their_own() -> None:
    low, high = 60.0, 700.0
    assert tone_at_ear(4000, low, SoundBand.BELL, 0) > 2000
    assert tone_at_ear(4000, high, SoundBand.BELL, 0) < 600
    assert tone_at_ear(4000, low, SoundBand.DIAPHRAGM, 0) < tone_at_ear(
        4000, low, SoundBand.BELL, 0
    )


def test_too_loud_is_cut_and_never_turned_over() -> None:
    listener = Listener(48_000, None, 30)
    heard = listener.run(np.full(48_000, 20_000, dtype=np.int16))
    assert heard[2000:-2000].min() > 32_000
