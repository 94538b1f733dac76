"""The whole of the picture's way in, over a lossy line on a clock of its own: the cells of the
issue. Goals: freezes not above Chromium's, no more than 100 ms later than it."""

import pytest

from tests.fakes.picture_line import PictureLine, seen

SEEDS = range(5)
SOON_AGAIN_S = 0.02  # the far side answers askings that follow each other so closely


def over(
    loss: float, round_trip_s: float, seed: int, *, repeat_again_s: float = SOON_AGAIN_S
) -> PictureLine:
    line = PictureLine(seed, loss, round_trip_s, repeat_again_s=repeat_again_s)
    line.run(20.0)
    pictures = [each.picture for each in line.shown]
    assert pictures == sorted(set(pictures))
    return line


def test_a_clean_line_is_shown_at_once_and_nothing_is_asked_for() -> None:
    line = over(0.0, 0.05, 1)
    told = seen(line.shown, since_s=0)
    assert told.freezes == 0
    assert told.late_delay_s == pytest.approx(0.025)
    count = line.arrival.count
    assert (count.asked_again, count.keys_asked, count.skipped) == (0, 0, 0)
    assert line.arrival.picture_delay_s == 0.0


@pytest.mark.parametrize(
    ("loss", "round_trip_s", "most_freezes", "most_held_s"),
    [
        (0.02, 0.05, 0, 0.10),
        (0.05, 0.05, 0, 0.10),
        (0.10, 0.05, 1, 0.12),  # in one of five seeds, by a hair: 0.203 s
        (0.02, 0.3, 2, 0.284),
        (0.05, 0.6, 1, 0.60),
    ],
)
def test_the_cells_of_the_issue(
    loss: float, round_trip_s: float, most_freezes: int, most_held_s: float
) -> None:
    lines = [over(loss, round_trip_s, seed) for seed in SEEDS]
    told = [seen(line.shown, since_s=5) for line in lines]
    assert max(each.freezes for each in told) <= most_freezes
    held = sorted(each.delay_s - round_trip_s / 2 for each in told)
    assert held[len(held) // 2] <= most_held_s
    assert sum(line.keys_sent for line in lines) <= 2 * len(lines)  # repeats, not key frames
    for line in lines:
        assert line.repeats_sent <= 0.3 * line.packets_sent
        assert line.asking.round_trip_s == pytest.approx(round_trip_s, rel=0.35)
        counted = line.arrival.count
        everything = seen(line.shown, since_s=0)
        assert counted.freezes == everything.freezes
        assert counted.frozen_s == pytest.approx(everything.frozen_s)


def test_a_far_side_that_repeats_once_a_round_trip_is_lived_with() -> None:
    lines = [over(0.02, 0.3, seed, repeat_again_s=0.3) for seed in SEEDS]
    assert sum(seen(line.shown, since_s=5).freezes for line in lines) <= 2 * len(lines)


def test_packets_that_overtake_each_other_are_not_taken_for_lost() -> None:
    line = PictureLine(3, 0.0, 0.05, jitter_s=0.03, is_in_order=False)
    line.run(20.0)
    told = seen(line.shown, since_s=5)
    assert told.freezes == 0
    assert line.keys_sent == 1
    assert line.repeats_sent < 0.02 * line.packets_sent


def test_after_a_blackout_the_picture_is_back_with_one_key_frame() -> None:
    line = PictureLine(3, 0.0, 0.05)
    line.run(5.0)
    line.loss = 1.0
    line.run_on(3.0)
    line.loss = 0.0
    back = line.now
    line.run_on(5.0)
    first = next(each for each in line.shown if each.at_s > back + 0.03)
    assert first.at_s - back < 1.0
    assert seen(line.shown, since_s=9.1).freezes == 0
    assert line.keys_sent <= 3
