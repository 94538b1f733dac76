"""When pictures are shown: at once on a clean line, together with their time on a bad one."""

import itertools
import random

import pytest

from media.quality.arrival_count import ArrivalCount, FreezeWatch
from media.rtc.picture_pace import MOST_DELAY_S, MOST_WAITING, PicturePace

FRAME_S = 1 / 30


def pace() -> PicturePace[int]:
    return PicturePace(ArrivalCount())


def shown(pace: PicturePace[int], comes: list[tuple[float, int]]) -> list[tuple[float, int]]:
    """`comes`: (when, which); the pictures shown, looked for each 5 ms."""
    told: list[tuple[float, int]] = []
    now, at = comes[0][0], 0
    while at < len(comes) or pace.next_due_at() is not None:
        while at < len(comes) and comes[at][0] <= now:
            pace.put(comes[at][1], comes[at][1] * FRAME_S, now)
            if (picture := pace.take(now)) is not None:
                told.append((now, picture))
            at += 1
        if (picture := pace.take(now)) is not None:
            told.append((now, picture))
        now += 0.005
    return told


def line(count: int, holes: dict[int, float]) -> list[tuple[float, int]]:
    """Pictures that come on time, but each of `holes` so much later, and all behind it with it."""
    comes, last = [], 0.0
    for number in range(count):
        last = max(last, 100 + number * FRAME_S + holes.get(number, 0.0))
        comes.append((last, number))
    return comes


def test_on_a_clean_line_nothing_waits() -> None:
    clean = pace()
    comes = line(300, {})
    assert [picture for _, picture in shown(clean, comes)] == list(range(300))
    assert clean.delay_s == 0.0


def test_small_lateness_that_nobody_sees_is_not_waited_for() -> None:
    some = pace()
    shown(some, line(600, dict.fromkeys(range(9, 600, 100), 0.09)))
    assert some.delay_s == 0.0


def test_where_many_are_a_little_late_all_are_shown() -> None:
    uneven = pace()
    comes = line(600, dict.fromkeys(range(9, 600, 10), 0.07))
    pictures = [picture for _, picture in shown(uneven, comes)]
    assert uneven.delay_s == pytest.approx(0.08, abs=0.01)
    assert [picture for picture in pictures if picture >= 120] == list(range(120, 600))


def test_after_the_first_late_picture_the_others_are_in_time() -> None:
    far = pace()
    far.round_trip_is(0.3)
    told = shown(far, line(600, dict.fromkeys(range(60, 600, 45), 0.33)))
    gaps = [(b[0] - a[0], a[1]) for a, b in itertools.pairwise(told)]
    assert max(gaps) == pytest.approx((0.363, 59), abs=0.01)
    assert max(gap for gap, picture in gaps if picture > 75) < 0.16
    assert far.delay_s == pytest.approx(0.23, abs=0.01)
    assert sorted(told) == told
    assert [picture for _, picture in told] == list(range(600))


def test_the_delay_is_bounded_by_the_way() -> None:
    near = pace()
    near.round_trip_is(0.05)
    shown(near, line(900, dict.fromkeys(range(60, 900, 60), 0.6)))
    assert near.delay_s <= 0.25
    far = pace()
    far.round_trip_is(3.0)
    shown(far, line(900, dict.fromkeys(range(60, 900, 200), 3.0)))
    assert far.delay_s <= MOST_DELAY_S


def test_what_is_late_seldom_and_much_is_not_waited_for() -> None:
    far = pace()
    far.round_trip_is(0.3)
    holes = dict.fromkeys(range(60, 600, 40), 0.33) | {300: 0.65}
    shown(far, line(600, holes))
    assert far.delay_s == pytest.approx(0.23, abs=0.01)


def test_the_delay_shrinks_slowly_when_nothing_is_late_any_more() -> None:
    far = pace()
    far.round_trip_is(0.3)
    comes = line(30 * 15, {60: 0.33})
    shown(far, comes[: 30 * 7])
    held = far.delay_s
    assert held > 0.2
    shown(far, comes[30 * 7 : 30 * 11])
    assert 0.05 < far.delay_s < held
    shown(far, comes[30 * 11 : 30 * 15])
    assert far.delay_s == 0.0


def test_the_newest_that_is_due_wins_and_nothing_older_follows() -> None:
    late = pace()
    for number in range(5):
        late.put(number, number * FRAME_S, 100 + number * FRAME_S)
    assert late.take(101.0) == 4
    assert late.take(102.0) is None
    assert late.count.skipped == 4


def test_it_can_be_asked_to_be_as_late_as_the_voice() -> None:
    asked = pace()
    asked.wished_s = 0.1
    asked.put(1, 5.0, 100.0)
    assert asked.take(100.09) is None
    assert asked.next_due_at() == pytest.approx(100.1)
    assert asked.take(100.11) == 1


def test_a_far_clock_that_begins_anew_holds_nothing_up() -> None:
    again = pace()
    shown(again, line(60, {}))
    again.put(1, 9_000.0, 110.0)
    assert again.take(110.0) == 1
    again.put(2, 3.0, 110.1)
    assert again.take(110.1) == 2


def test_a_way_that_becomes_longer_for_good_holds_no_picture_up() -> None:
    longer = pace()
    step_s = 1 / 32  # exact: the first late picture shall be the latest for long
    for number in range(300):
        late_s = 0.0 if number < 60 else 0.25 if number < 290 else 0.375
        now = 100 + number * step_s + late_s
        longer.put(number, number * step_s, now)
        longer.take(now)
    longer.put(300, 300 * step_s, now)
    assert longer.take(now + MOST_DELAY_S) == 300


def test_whatever_comes_pictures_are_shown_in_order_and_few_are_held() -> None:
    chance = random.Random(8)
    wild = pace()
    wild.round_trip_is(5.0)
    now, at_s, last = 100.0, 0.0, -1.0
    for _ in range(20_000):
        now += chance.choice([0.0, 0.001, 0.05])
        if chance.random() < 0.01:
            now += chance.uniform(0, 8)
        at_s = max(0.0, at_s + chance.choice([0.0, 0.03, -0.03, 0.2]))
        if chance.random() < 0.01:
            at_s, last = chance.uniform(0, 1e6), -1.0
            wild.begin_anew()
        wild.put(round(at_s * 1000), at_s, now)
        assert len(wild._waiting) <= MOST_WAITING
        if (picture := wild.take(now)) is not None:
            assert picture > last
            last = picture


def test_a_gap_above_200_ms_is_a_freeze_but_not_while_the_camera_is_off() -> None:
    count = ArrivalCount()
    watch = FreezeWatch(count)
    for at in (1.0, 1.2, 1.5):
        watch.shown(at)
    assert count.freezes == 1
    assert count.frozen_s == pytest.approx(0.3)
    watch.far_camera_is(False)
    for at in (4.0, 8.0):
        watch.shown(at)
    watch.far_camera_is(True)
    watch.shown(12.0)
    assert (count.freezes, count.shown) == (1, 6)
