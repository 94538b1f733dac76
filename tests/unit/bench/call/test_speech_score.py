"""A voice that is delayed or cut has the delay and the gap that it must have."""

import numpy as np
import pytest

from bench.call import speech_score
from bench.call.speech_score import RATE_HZ, Sound
from media.synthetic import voice

SECONDS = 12
VOICE: Sound = voice(seconds=SECONDS, rate_hz=RATE_HZ) / 32768


def said(start: float, end: float) -> Sound:
    """Spoken from instant 100 on."""
    return VOICE[round((start - 100) * RATE_HZ) : round((end - 100) * RATE_HZ)]


def like(one: Sound, other: Sound) -> tuple[float, float]:
    """In the place of PESQ and STOI: what is aligned is equal."""
    return float(np.allclose(one, other)), float(one @ other) / max(1e-12, float(one @ one))


def scored(heard: Sound) -> speech_score.SpeechScore:
    return speech_score.score(said, heard, 100.0, like, start=100.5, end=109.5)


def delayed(delay_s: float) -> Sound:
    return np.concatenate((np.zeros(round(delay_s * RATE_HZ)), VOICE))


@pytest.mark.parametrize("delay_s", [0.0, 0.12, 1.4])
def test_a_delay_is_found_and_taken_out(delay_s: float) -> None:
    found = scored(delayed(delay_s))
    assert found.delay_ms == pytest.approx(1000 * delay_s, abs=0.1)
    assert found.pesq == 1.0
    assert found.stoi == pytest.approx(1.0)
    assert found.longest_gap_ms == found.missing_percent == 0


def test_a_hole_is_as_long_as_it_is() -> None:
    heard = delayed(0.1)
    loud = int(np.argmax(np.convolve(np.abs(VOICE[:80_000]), np.ones(4000), "valid")))
    hole = slice(loud + 1600, loud + 1600 + round(0.18 * RATE_HZ))
    heard[hole] = 0
    found = scored(heard)
    assert 90 <= found.longest_gap_ms <= 190
    assert found.missing_percent > 0.5
    assert found.pesq == 0.0


def test_silence_is_all_missing() -> None:
    found = scored(np.zeros(SECONDS * RATE_HZ))
    assert found.missing_percent == 100
    assert found.longest_gap_ms > 200


def test_what_was_never_received_counts_as_silence() -> None:
    found = scored(delayed(0.1)[: 5 * RATE_HZ])
    assert found.missing_percent > 40


def test_48_khz_becomes_16_without_shift_or_loss() -> None:
    seconds = 12  # more than is filtered at once
    time_s = np.arange(seconds * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 1000 * time_s) * 16_000
    found = speech_score.at_16_khz(tone.astype(np.int16))
    wanted = np.sin(2 * np.pi * 1000 * np.arange(seconds * RATE_HZ) / RATE_HZ) * 16_000 / 32768
    assert len(found) == seconds * RATE_HZ
    assert np.abs(found - wanted)[200:-200].max() < 1e-3
