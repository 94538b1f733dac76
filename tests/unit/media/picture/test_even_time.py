"""Times for the encoder: as fast as the true ones, without their unevenness and without pauses."""

from itertools import pairwise

import pytest

from media.picture.even_time import EvenTime


def told(frames_per_s: float, times: list[int]) -> list[int]:
    time = EvenTime(90_000)
    time.expect(frames_per_s)
    return [time.even(at) for at in times]


def test_even_times_stay_as_they_are() -> None:
    times = [number * 3000 for number in range(50)]
    assert told(30, times) == times


def test_two_of_three_become_even() -> None:
    found = told(20, [number * 3000 for number in range(300) if number % 3])
    steps = [later - earlier for earlier, later in pairwise(found)]
    assert max(steps) < 1.15 * min(steps)
    assert sum(steps) == pytest.approx(298 * 3000, rel=0.01)


def test_a_camera_slower_than_expected_is_followed() -> None:
    found = told(30, [number * 6000 for number in range(200)])
    assert found[-1] - found[-101] == pytest.approx(600_000, rel=0.02)


def test_a_pause_is_not_told() -> None:
    found = told(30, [0, 3000, 6000, 900_000, 903_000])
    assert found[-1] < 15_000


def test_they_grow_whatever_comes() -> None:
    found = told(30, [0, 1, 2, 3, 90_000, 90_001, 90_002, 5_000_000])
    assert found == sorted(set(found))
