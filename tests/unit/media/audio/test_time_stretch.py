"""A period more or less: the pitch stays, nothing jumps, noise is left alone."""

import numpy as np
import pytest

from media.audio.time_stretch import lengthened, shortened
from media.devices.sample_ring import Samples
from tests.unit.media.audio.given import FRAME, RATE_HZ, tone, voice


def largest_step(samples: Samples) -> int:
    return int(np.abs(np.diff(samples.astype(np.int32))).max())


@pytest.mark.parametrize("frequency_hz", [110.0, 150.0, 200.0, 333.0])
@pytest.mark.parametrize("change", [shortened, lengthened])
def test_a_tone_keeps_its_pitch_and_gets_no_click(frequency_hz: float, change: object) -> None:
    assert callable(change)
    whole = tone(1.0, frequency_hz)
    parts: list[Samples] = []
    for start in range(0, len(whole), FRAME):
        frame = whole[start : start + FRAME]
        parts.append(change(frame) if (start // FRAME) % 5 == 2 else frame)
    changed = np.concatenate(parts)
    taken = (len(changed) - len(whole)) / 10
    periods = abs(taken) / (RATE_HZ / frequency_hz)
    assert periods == pytest.approx(round(periods), abs=0.06)
    assert periods >= 0.9
    assert largest_step(changed) < 1.15 * largest_step(whole)
    crossings = int((np.diff(np.signbit(changed)) != 0).sum())
    assert crossings / 2 / (len(changed) / RATE_HZ) == pytest.approx(frequency_hz, rel=0.02)


def test_a_voice_is_changed_where_it_has_a_pitch() -> None:
    frames = voice(3).reshape(-1, FRAME)
    changed = sum(len(shortened(frame)) < FRAME for frame in frames)
    assert changed > len(frames) // 4


def test_noise_is_left_alone_and_silence_is_not() -> None:
    noise = np.random.default_rng(1).normal(0, 4000, FRAME).astype(np.int16)
    assert len(shortened(noise)) == len(lengthened(noise)) == FRAME
    silence = np.zeros(FRAME, dtype=np.int16)
    assert (len(shortened(silence)), len(lengthened(silence))) == (FRAME // 2, FRAME * 3 // 2)


def test_what_is_too_short_is_left_alone() -> None:
    short = tone(0.01)
    assert shortened(short) is short
    assert lengthened(short) is short
