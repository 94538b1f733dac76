"""Levels: 0..1, of the last tenth of a second."""

import numpy as np
import pytest

from media.devices.sound_level import SoundLevel


def test_full_scale_is_one_and_silence_is_none() -> None:
    level = SoundLevel()
    level.add(np.full(4800, -32768, dtype=np.int16))
    assert level.value == pytest.approx(1.0)
    for _ in range(10):
        level.add(np.zeros(480, dtype=np.int16))
    assert level.value == 0.0


def test_a_tone_is_its_peak_over_the_square_root_of_two() -> None:
    level = SoundLevel()
    at = np.arange(4800) / 48_000
    for part in np.split(16384 * np.sin(2 * np.pi * 1000 * at), 10):
        level.add(part.astype(np.int16))
    assert level.value == pytest.approx(0.5 / 2**0.5, rel=1e-3)
