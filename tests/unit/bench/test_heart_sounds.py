"""The invented hearts are what they say: their rate, their noise, the same again from a seed."""

from pathlib import Path

import numpy as np
import pytest

from bench import heart_sounds as hearts
from bench.devices.heart_rate import Judged, confidence_rows
from bench.heart_sounds import heart_sound, sound_without_heart
from bench.plain_heart_rate import plain_heart_rate


def test_a_seed_is_always_the_same_sound() -> None:
    one, again, other = heart_sound(5), heart_sound(5), heart_sound(6)
    assert np.array_equal(one.samples, again.samples)
    assert one.told == again.told
    assert len(one.samples) != len(other.samples)


def test_rates_cover_the_range_evenly() -> None:
    rates = [
        hearts._heart(np.random.default_rng([seed, 4711])).beats_per_minute for seed in range(300)
    ]
    assert min(rates) >= 40
    assert max(rates) <= 180
    counts, _ = np.histogram(rates, bins=7, range=(40, 180))
    assert counts.min() >= 25


def test_the_told_rate_is_that_of_the_beats_laid_out() -> None:
    for seed in range(30):
        chance = np.random.default_rng([seed, 1])
        heart = hearts._heart(chance)
        beats_s = hearts._beats(chance, heart, 0.25, 20.0)
        assert 60 / np.mean(np.diff(beats_s)) == pytest.approx(heart.beats_per_minute, rel=0.06)
        assert beats_s[0] <= 0
        assert beats_s[-1] >= 20


def test_noise_is_as_far_below_the_heart_as_is_told() -> None:
    for seed in range(12):
        chance = np.random.default_rng(seed)
        sound = np.zeros(40_000)
        (told,) = hearts._add_noise(chance, sound, 4000, 0.01, 0.3)
        heard = np.mean(hearts._below(sound, 4000, hearts.NOISE_TO_HZ) ** 2)
        decibels = 10 * np.log10(0.01 / heard)
        assert 0 <= decibels <= 20
        assert decibels == pytest.approx(float(told.split()[-2]), abs=0.6)


def test_dropouts_murmurs_breath_and_knocks_all_occur() -> None:
    told = " ".join(heart_sound(seed, 4.0).told for seed in range(60))
    for word in ("dropouts", "systolic murmur", "diastolic murmur", "breath", "knocks", "room"):
        assert word in told
    assert sound_without_heart(3, 4.0).beats_per_minute == 0


def test_the_estimator_and_the_hearts_do_not_know_each_other() -> None:
    source = Path(hearts.__file__).read_text(encoding="utf-8")
    assert "media" not in source
    assert "import bench" not in source


def test_the_plain_peer_finds_a_plain_heart_and_nothing_in_silence() -> None:
    times_s = np.arange(40_000) / 4000
    beats = np.clip(np.sin(2 * np.pi * 1.2 * times_s), 0, 1) ** 8
    found = plain_heart_rate(
        (9000 * beats * np.sin(2 * np.pi * 60 * times_s)).astype(np.int16), 4000
    )
    assert found is not None
    assert found[0] == pytest.approx(72, abs=1)
    assert plain_heart_rate(np.zeros(4000, np.int16), 4000) is None
    assert plain_heart_rate(np.zeros(10, np.int16), 4000) is None


def test_rows_judge_confidence_as_well_as_rates() -> None:
    own = [Judged(70, (71, 0.9), "a"), Judged(70, (72, 0.6), "b"), Judged(70, (140, 0.55), "c")]
    plain = [Judged(70, (71, 0.4), "a"), Judged(70, None, "b"), Judged(70, (35, 0.9), "c")]
    share, believed, sure = confidence_rows(own, plain)
    assert (share.value, share.peer_value, share.holds) == (0.6667, 0.3333, False)
    assert (believed.value, believed.peer_value, believed.holds) == (1, 1, False)
    assert (sure.value, sure.peer_value, sure.n) == (0.5, 0.0, 2)
