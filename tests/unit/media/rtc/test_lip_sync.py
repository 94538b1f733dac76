"""Lips and voice by sender reports: wraps, wrong clocks, and how far the picture is held."""

import pytest

from media.rtc.lip_sync import MOST_WAIT_S, TOGETHER_S, FarClock, LipSync

NTP = 1 << 32


def test_a_timestamp_is_a_time_of_the_far_side_over_a_wrap_too() -> None:
    clock = FarClock(90_000)
    assert clock.wall_s(5) is None
    clock.reported(1000 * NTP, 2**32 - 90_000)
    assert clock.wall_s(2**32 - 90_000) == pytest.approx(1000)
    assert clock.wall_s(90_000) == pytest.approx(1002)
    clock.reported(1003 * NTP, 180_000)
    assert clock.wall_s(2**32 - 90_000) == pytest.approx(1000)


def test_the_earliest_of_the_reports_is_believed() -> None:
    clock = FarClock(48_000)
    for second, late_s in enumerate((0.03, 0.01, 0.2)):
        clock.reported(round((1000 + second + late_s) * NTP), 48_000 * second)
    assert clock.wall_s(0) == pytest.approx(1000.01)


def test_who_has_sent_nothing_yet_reports_no_time() -> None:
    clock = FarClock(90_000)
    clock.reported(0, 0)
    assert clock.wall_s(3_000_000_000) is None
    clock.reported(1000 * NTP, 3_000_000_000)
    assert clock.wall_s(3_000_000_000) == pytest.approx(1000)


def test_a_clock_that_was_set_is_begun_anew() -> None:
    clock = FarClock(48_000)
    clock.reported(1000 * NTP, 0)
    clock.reported(5001 * NTP, 48_000)
    assert clock.wall_s(48_000) == pytest.approx(5001)


def sync() -> LipSync:
    both = LipSync(90_000, 48_000)
    both.picture.reported(1000 * NTP, 7_000)
    both.voice.reported(1000 * NTP, 99_000)
    return both


def settled(both: LipSync, voice_late_s: float, learned_s: float = 0.0) -> float:
    """The picture's delay in the end, when the voice is heard so much after its fastest way."""
    for step in range(200):
        delay_s = max(learned_s, both.wished_delay_s)
        shown = 7_000 + 45_000 * step, 50.0 + 0.5 * step + delay_s
        heard = 99_000 + 24_000 * step, 50.0 + 0.5 * step + voice_late_s
        both.looked(shown, heard, delay_s)
    return max(learned_s, both.wished_delay_s)


def test_without_a_report_of_each_nothing_is_said() -> None:
    both = LipSync(90_000, 48_000)
    both.picture.reported(1000 * NTP, 7_000)
    both.looked((7_000, 50.0), (99_000, 50.0), 0.0)
    assert both.offset_s is None


def test_a_voice_that_is_late_is_waited_for_until_they_are_together() -> None:
    both = sync()
    assert settled(both, 0.15) == pytest.approx(0.15 - TOGETHER_S)
    assert both.offset_s == pytest.approx(-TOGETHER_S)
    assert settled(both, 0.02) == pytest.approx(0.02)


def test_what_nobody_sees_costs_no_delay() -> None:
    assert settled(sync(), 0.035) == 0.0


def test_it_is_not_waited_without_limit() -> None:
    assert settled(sync(), 1.0) == pytest.approx(MOST_WAIT_S)


def test_a_picture_held_for_its_own_sake_is_not_held_more() -> None:
    both = sync()
    assert settled(both, 0.15, learned_s=0.4) == 0.4
    assert both.wished_delay_s == 0.0
    assert both.offset_s == pytest.approx(0.25)
