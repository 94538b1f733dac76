"""The tones are told through noise; silence, half a sequence and another one are not it."""

import random
import wave
from pathlib import Path

import numpy as np
import pytest

from demo import sound
from demo.waiting import NotSo


def _recorded(path: Path, sequence: tuple[int, ...], seconds: float, noise: float) -> Path:
    sound.write_sequence(path / "tones.wav", sequence, rounds=3)
    with wave.open(str(path / "tones.wav")) as file:
        heard = np.frombuffer(file.readframes(int(seconds * sound.RATE_HZ)), np.int16)
    spoiled = heard + np.random.default_rng(1).normal(0, noise * 32768, heard.size)
    raw = path / "heard.raw"
    raw.write_bytes(np.clip(spoiled, -32768, 32767).astype("<i2").tobytes())
    return raw


@pytest.mark.parametrize("seed", range(5))
def test_the_sequence_is_heard_through_noise(tmp_path: Path, seed: int) -> None:
    sequence = sound.new_sequence(random.Random(seed))
    assert sound.check_sequence(_recorded(tmp_path, sequence, 4.0, 0.03), sequence) >= 2


def test_another_sequence_is_not_taken_for_it(tmp_path: Path) -> None:
    raw = _recorded(tmp_path, (0, 5, 3, 9, 1, 11), 4.0, 0.01)
    with pytest.raises(NotSo, match="heard"):
        sound.check_sequence(raw, (0, 5, 3, 9, 1, 10))


def test_half_a_sequence_is_none(tmp_path: Path) -> None:
    sequence = (0, 5, 3, 9, 1, 11)
    with pytest.raises(NotSo, match="no sequence"):
        sound.check_sequence(_recorded(tmp_path, sequence, 0.9, 0.0), sequence)


def test_silence_and_noise_are_none(tmp_path: Path) -> None:
    raw = tmp_path / "noise.raw"
    for level in (0, 6000):
        noise = np.random.default_rng(2).normal(0, level, 48_000 * 3)
        raw.write_bytes(noise.astype("<i2").tobytes())
        assert sound.sequences_in(raw) == []
