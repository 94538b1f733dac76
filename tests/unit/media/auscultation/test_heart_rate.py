"""The rate of a heart: right, or doubted; half and double told apart; live once a second."""

import json
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from bench.devices.heart_rate import samples_of_file
from bench.heart_sounds import heart_sound, sound_without_heart
from media.auscultation.beat_evidence import FEW_BEATS, Case, cases_of
from media.auscultation.beat_likeness import Likeness
from media.auscultation.heart_judge import DOUBTFUL_MOST, WEIGHTS, best_of
from media.auscultation.heart_loudness import FRAMES_PER_S, HeartLoudness, marked
from media.auscultation.heart_rate import (
    LAST_LEAST_S,
    PIECE_S,
    Estimate,
    HeartRateCount,
    HeartRateWatch,
    heart_rate,
)
from media.synthetic import heart_sounds
from tests.shared_recordings import shared_recordings

Sound = npt.NDArray[np.int16]


def thumps(
    beats_per_minute: float,
    *,
    systole_s: float,
    second: float = 1.0,
    second_hz: float = 45.0,
    seconds: float = 15.0,
    rate_hz: int = 2000,
) -> Sound:
    """Two bursts a beat, exactly evenly, over a little noise."""
    sound = np.random.default_rng(1).normal(0, 60, round(seconds * rate_hz))
    times_s = np.arange(round(0.1 * rate_hz)) / rate_hz
    for begin_s in np.arange(0.05, seconds - 0.2, 60 / beats_per_minute):
        for at_s, level, hertz in ((0.0, 1.0, 45.0), (systole_s, second, second_hz)):
            burst = np.hanning(len(times_s)) * np.sin(2 * np.pi * hertz * times_s)
            first = round((begin_s + at_s) * rate_hz)
            part = burst[: max(0, len(sound) - first)]
            sound[first : first + len(part)] += 8000 * level * part
    return np.round(sound).astype(np.int16)


def told(sound: Sound, rate_hz: int = 2000) -> Estimate:
    found = heart_rate(sound, rate_hz)
    assert found is not None
    return found


# --- right ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("beats_per_minute", [40, 55, 72, 90, 110, 130, 150, 165, 180])
def test_every_rate_of_the_range_is_found_and_believed(beats_per_minute: int) -> None:
    systole_s = min(0.5, 0.52 - 0.0019 * beats_per_minute)
    found = told(thumps(beats_per_minute, systole_s=systole_s, second_hz=65))
    assert found.beats_per_minute == pytest.approx(beats_per_minute, abs=1)
    assert found.confidence >= 0.8


@pytest.mark.parametrize("rate_hz", [500, 1000, 2000, 4000, 8000, 11_025, 44_100, 48_000])
def test_any_rate_of_samples(rate_hz: int) -> None:
    sound = heart_sounds(seconds=12, rate_hz=rate_hz, beats_per_minute=66)
    found = told(sound, rate_hz)
    assert found.beats_per_minute == pytest.approx(66, abs=2)
    assert found.confidence >= 0.8


@pytest.mark.parametrize("seed", range(200_000, 200_010))
def test_invented_hearts_are_right_or_doubted(seed: int) -> None:
    sound = heart_sound(seed, 12.0)
    found = heart_rate(sound.samples, sound.rate_hz)
    is_right = found is not None and abs(found.beats_per_minute - sound.beats_per_minute) <= 3
    assert is_right or found is None or found.confidence < 0.5, sound.told


def test_most_invented_hearts_are_right_and_believed() -> None:
    believed = 0
    for seed in range(200_100, 200_110):
        sound = heart_sound(seed, 12.0)
        found = heart_rate(sound.samples, sound.rate_hz)
        if found and abs(found.beats_per_minute - sound.beats_per_minute) <= 3:
            believed += found.confidence >= 0.8
    assert believed >= 7


def test_recordings_with_an_ecg_beside_them() -> None:
    folder = shared_recordings()
    truths = json.loads((folder / "heart_rate_truth.json").read_text())
    for name, truth in truths.items():
        samples, rate_hz = samples_of_file((folder / name).read_bytes())
        found = told(samples, rate_hz)
        assert found.beats_per_minute == pytest.approx(truth["heart_rate_bpm_median"], abs=3)
        assert found.confidence >= 0.5
    counted = {
        "physionet2016_c0003.wav": 65,
        "umich_01_apex_normal_s1_s2_supine_bell.mp3": 75,
    }
    for name, beats_per_minute in counted.items():
        samples, rate_hz = samples_of_file((folder / name).read_bytes())
        found = told(samples, rate_hz)
        assert found.beats_per_minute == pytest.approx(beats_per_minute, abs=3)
        assert found.confidence >= 0.8


# --- doubted -------------------------------------------------------------------------------------


def test_sounds_that_take_turns_are_two_of_one_beat() -> None:
    """Evenly spaced, but one higher than the other: never twice the rate."""
    for beats_per_minute in (60, 75, 90):
        half = 30 / beats_per_minute
        found = told(thumps(beats_per_minute, systole_s=half, second_hz=80))
        assert found.beats_per_minute == pytest.approx(beats_per_minute, abs=1)


def test_even_sounds_that_are_all_alike_are_never_believed_at_the_double() -> None:
    """Nobody can say what they are; a fast heart with one sound a beat is not believed."""
    for beats_per_minute in (65, 75, 85):
        sound = thumps(beats_per_minute, systole_s=30 / beats_per_minute)
        found = heart_rate(sound, 2000)
        if found is not None and abs(found.beats_per_minute - beats_per_minute) > 3:
            assert found.confidence <= DOUBTFUL_MOST


@pytest.mark.parametrize("beats_per_minute", [45, 60, 75])
def test_a_few_beats_are_told_and_not_believed(beats_per_minute: int) -> None:
    for beats in (FEW_BEATS - 0.5, FEW_BEATS + 3):
        seconds = beats * 60 / beats_per_minute
        found = told(thumps(beats_per_minute, systole_s=0.3, second_hz=65, seconds=seconds))
        assert found.beats_per_minute == pytest.approx(beats_per_minute, abs=3)
        assert (found.confidence >= 0.5) is (beats > FEW_BEATS)


def test_a_short_piece_of_a_wandering_rate_is_doubted() -> None:
    """The same unevenness may be believed when it is heard for longer."""
    whole = np.concatenate(
        [
            thumps(rate, systole_s=0.25, second_hz=65, seconds=60 / rate * 2)
            for rate in (96, 100, 106, 112, 118, 122, 118, 112, 106, 100) * 2
        ]
    )
    short, long = whole[: 2000 * 5], np.tile(whole, 2)
    assert told(short).confidence < 0.5
    assert told(long).confidence > told(short).confidence


def test_a_rate_whose_double_is_as_credible_is_not_believed() -> None:
    marks, weight = marked(HeartLoudness(2000).heard(thumps(80, systole_s=0.3, second_hz=65)))
    bands, total = Likeness(marks, weight), Likeness(marks.sum(axis=1, keepdims=True), weight)
    cases = cases_of(bands, total, bands.paths(), 0.0)
    best, confidence = best_of(cases)
    assert confidence >= 0.8
    half = Case(2 * cases[best].period, cases[best].evidence, is_doubtful=False)
    doubted = Case(cases[best].period, cases[best].evidence, is_doubtful=True)
    assert best_of([half]) == (0, confidence)
    assert best_of([doubted]) == (0, DOUBTFUL_MOST)
    assert best_of([doubted, half]) == (1, DOUBTFUL_MOST)
    far = Case(3 * cases[best].period, cases[best].evidence, is_doubtful=False)
    assert best_of([doubted, far]) == (1, confidence)


@pytest.mark.parametrize("seed", range(200_000, 200_008))
def test_without_a_heart_nothing_is_believed(seed: int) -> None:
    sound = sound_without_heart(seed, 12.0)
    found = heart_rate(sound.samples, sound.rate_hz)
    assert found is None or found.confidence < 0.6, sound.told


def test_silence_and_a_moment_of_sound_tell_nothing() -> None:
    assert heart_rate(np.zeros(40_000, np.int16), 4000) is None
    assert heart_rate(np.full(40_000, 7, np.int16), 4000) is None
    assert heart_rate(np.zeros(0, np.int16), 4000) is None
    assert heart_rate(heart_sounds(seconds=3), 4000) is None


def test_holes_in_the_sound_do_not_become_beats() -> None:
    sound = heart_sounds(seconds=20, beats_per_minute=80)
    for begin in range(2000, 80_000, 8000):  # every two seconds
        sound[begin : begin + 1500] = 0
    found = told(sound, 4000)
    assert found.beats_per_minute == pytest.approx(80, abs=2)


# --- long ones, and live -------------------------------------------------------------------------


def test_a_long_recording_is_counted_in_pieces_and_nothing_is_kept() -> None:
    parts = [heart_sounds(seconds=30, rate_hz=1000, beats_per_minute=70, seed=n) for n in range(8)]
    count = HeartRateCount(1000)
    for part in parts:
        for start in range(0, len(part), 500):
            count.heard(part[start : start + 500])
        assert sum(map(len, count._rows)) <= (PIECE_S + LAST_LEAST_S + 1) * FRAMES_PER_S
    found = count.estimate()
    assert found is not None
    assert found.beats_per_minute == pytest.approx(70, abs=2)
    assert found.confidence >= 0.8


def test_pieces_that_disagree_are_doubted() -> None:
    slow = heart_sounds(seconds=31, rate_hz=1000, beats_per_minute=60)
    fast = heart_sounds(seconds=31, rate_hz=1000, beats_per_minute=120)
    noise = np.random.default_rng(1).normal(0, 900, 62_000).astype(np.int16)
    assert told(np.concatenate((slow, fast)), 1000).confidence < 0.7
    assert told(np.concatenate((slow, noise)), 1000).confidence < 0.7


def test_live_it_is_told_once_a_second_and_follows() -> None:
    sound = np.concatenate(
        (
            heart_sounds(seconds=30, rate_hz=4000, beats_per_minute=70),
            heart_sounds(seconds=30, rate_hz=4000, beats_per_minute=80),
        )
    )
    watch, found = HeartRateWatch(4000), []
    for start in range(0, len(sound), 200):
        one = watch.heard(sound[start : start + 200])
        if one is not None:
            found.append((start / 4000, one))
    assert 50 <= len(found) <= 60
    early = [one for at_s, one in found if 12 < at_s < 30]
    late = [one for at_s, one in found if at_s > 50]
    assert all(abs(one.beats_per_minute - 70) < 3 for one in early)
    assert all(abs(one.beats_per_minute - 80) < 3 for one in late)
    assert min(one.confidence for one in early + late) >= 0.5


def test_live_nothing_stands_when_the_instrument_was_taken_off() -> None:
    watch = HeartRateWatch(2000)
    for start in range(0, 40_000, 2000):
        watch.heard(thumps(70, systole_s=0.35, second_hz=65, seconds=20)[start : start + 2000])
    assert watch.now is not None
    for _ in range(18):
        watch.heard(np.zeros(2000, np.int16))
    assert watch.now is None


def test_a_jump_from_one_second_to_the_next_is_doubted() -> None:
    watch = HeartRateWatch(2000)
    slow = thumps(60, systole_s=0.35, second_hz=65, seconds=20)
    fast = thumps(120, systole_s=0.28, second_hz=65, seconds=20)
    found = []
    for part in (slow, fast):
        for start in range(0, len(part), 2000):
            one = watch.heard(part[start : start + 2000])
            if one is not None:
                found.append(one)
    jumps = [
        after
        for before, after in pairwise(found)
        if abs(np.log(after.beats_per_minute / before.beats_per_minute)) > 0.2
    ]
    assert jumps
    assert all(jump.confidence <= 0.5 for jump in jumps)


# --- its parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [1000, 4000, 11_025, 48_000])
def test_loudness_does_not_depend_on_the_cut(rate_hz: int) -> None:
    chance = np.random.default_rng(2)
    sound = chance.integers(-9000, 9000, 3 * rate_hz).astype(np.int16)
    whole = HeartLoudness(rate_hz).heard(sound)
    cut = HeartLoudness(rate_hz)
    pieces = np.split(sound, np.sort(chance.integers(0, len(sound), 40)))
    rows = np.concatenate([cut.heard(piece) for piece in pieces])
    assert rows.shape == whole.shape
    assert np.allclose(rows, whole, rtol=1e-4)
    assert abs(len(whole) - 3 * FRAMES_PER_S) <= 6


def test_marks_leave_out_holes_and_not_a_hearts_own_silence() -> None:
    sound = thumps(60, systole_s=0.3, second_hz=65)
    sound[8000:9000] = 0
    _, weight = marked(HeartLoudness(2000).heard(sound))
    hole = slice(402, 445)
    assert not weight[hole].any()
    assert weight.mean() > 0.94
    silent = np.where(np.abs(sound) > 250, sound, 0).astype(np.int16)
    _, weight = marked(HeartLoudness(2000).heard(silent))
    assert weight.all()


def test_every_piece_of_evidence_is_weighed() -> None:
    marks, weight = marked(HeartLoudness(2000).heard(thumps(70, systole_s=0.3)))
    bands, total = Likeness(marks, weight), Likeness(marks.sum(axis=1, keepdims=True), weight)
    for case in cases_of(bands, total, bands.paths(), 0.0):
        assert set(case.evidence) == set(WEIGHTS)
        assert all(np.isfinite(value) for value in case.evidence.values())
