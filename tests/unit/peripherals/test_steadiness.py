"""When a stream of numbers counts as one finger's: rate, leaps, and three seconds of both."""

import random

import pytest

from peripherals.drivers.oximeter.steadiness import Steadiness


def after(
    frames_per_s: float, sent_per_s: float, seconds: float, jitter_s: float = 0.0
) -> Steadiness:
    steadiness = Steadiness(frames_per_s)
    noise = random.Random(3)
    for n in range(int(seconds * sent_per_s + 0.001) + 1):
        steadiness.heard(97, 72, 10 + n / sent_per_s + noise.uniform(0, jitter_s))
    return steadiness


@pytest.mark.parametrize("rate", [1.0, 3.0, 60.0, 75.0])
def test_three_seconds_at_the_right_rate_are_steady(rate: float) -> None:
    assert after(rate, rate, 3.1).is_steady
    assert after(rate, rate, 4.0).is_steady
    assert not after(rate, rate, 2.9).is_steady


@pytest.mark.parametrize("rate", [1.0, 3.0, 60.0, 75.0])
def test_a_fifth_more_or_less_is_still_the_rate_and_more_is_not(rate: float) -> None:
    assert after(rate, rate * 1.15, 6).is_steady
    assert after(rate, rate * 0.85, 6).is_steady
    assert not after(rate, rate * 1.3, 6).is_steady
    assert not after(rate, rate * 0.7, 6).is_steady


def test_frames_that_come_in_lumps_are_the_same_rate() -> None:
    assert after(60, 60, 4, jitter_s=0.05).is_steady
    assert after(3, 3, 5, jitter_s=0.05).is_steady
    assert after(1, 1, 6, jitter_s=0.05).is_steady


@pytest.mark.parametrize(
    ("spo2", "pulse", "is_steady"), [(8, 25, True), (9, 0, False), (0, 26, False), (-9, 0, False)]
)
def test_a_leap_between_frames_breaks_the_run(spo2: int, pulse: int, is_steady: bool) -> None:
    steadiness = Steadiness(60)
    for n in range(200):
        late = n >= 100
        steadiness.heard(80 + spo2 * late, 100 + pulse * late, n / 60)
    assert steadiness.is_steady is is_steady


def test_a_slide_within_a_second_breaks_the_run() -> None:
    """No two frames are far apart, and yet no finger changes so fast."""
    steadiness = Steadiness(60)
    for n in range(240):
        steadiness.heard(97, 60 + n, n / 60)
    assert not steadiness.is_steady
    for n in range(240, 480):
        steadiness.heard(97, 200 + n // 5, n / 60)
    assert steadiness.is_steady


def test_a_gap_breaks_the_run() -> None:
    steadiness = after(60, 60, 2)
    for n in range(120):
        steadiness.heard(97, 72, 14 + n / 60)
    assert not steadiness.is_steady


def test_what_is_no_number_breaks_the_run() -> None:
    steadiness = after(60, 60, 4)
    assert steadiness.is_steady
    steadiness.broken()
    assert (steadiness.good_s, steadiness.frames) == (0, 0)
    steadiness.heard(97, 72, 20)
    assert (steadiness.good_s, steadiness.frames) == (0, 1)
