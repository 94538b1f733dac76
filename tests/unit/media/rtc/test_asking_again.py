"""What is asked for again, when, how often, and what is left alone."""

import random
from typing import Any

import pytest
from aiortc.rtp import RtpPacket

from media.rtc.asking_again import (
    BEFORE_FIRST,
    MOST_ALLOWANCE_S,
    MOST_ASKED,
    MOST_MISSING,
    AskingAgain,
)


class Desk:
    def __init__(self, round_trip_s: float | None = 0.05) -> None:
        self.now = 10.0
        self.asking = AskingAgain(lambda: self.now)
        self.asking.round_trip_s = round_trip_s

    def came(self, *numbers: int, is_repeat: bool = False) -> list[int]:
        """What is asked for at once."""
        asked: list[int] = []
        for number in numbers:
            packet: Any = RtpPacket(payload_type=97, sequence_number=number % 0x10000, ssrc=7)
            if is_repeat:
                packet.is_repeat = True
            if self.asking.add(packet):
                asked += sorted(self.asking.missing)
        return asked

    def comes(self, number: int, payload: bytes, *, picture: int = 0, is_last: bool = False) -> int:
        """A packet with something in it; how many are asked for at once."""
        packet: Any = RtpPacket(97, int(is_last), number, timestamp=picture, ssrc=7)
        packet.payload = payload
        return len(self.asking.missing) if self.asking.add(packet) else 0

    def times_asked(self, seconds: float) -> list[int]:
        """When, from now on, something is asked for; in ms from now."""
        began, times = self.now, []
        while self.now < began + seconds:
            self.now += 0.005
            if self.asking.due(self.now):
                times.append(round(1000 * (self.now - began)))
        return times


def test_what_is_missing_is_asked_for_at_once_and_only_that() -> None:
    desk = Desk()
    assert desk.came(65_534, 65_535) == []
    assert desk.came(3) == [0, 1, 2]
    assert desk.came(4, 5) == []


def test_it_is_asked_for_again_each_round_trip_and_not_for_ever() -> None:
    desk = Desk(0.05)
    desk.came(1, 3)
    times = desk.times_asked(5.0)
    assert times[:3] == [65, 130, 195]
    assert len(times) == MOST_ASKED - 1
    desk = Desk(0.3)
    desk.came(1, 3)
    assert max(desk.times_asked(5.0)) < 2.5 * 300


def test_on_a_long_way_a_copy_of_the_asking_follows_it() -> None:
    desk = Desk(0.3)
    desk.came(1, 3)
    assert desk.times_asked(0.7) == [25, 350, 375, 700]


def test_where_much_is_lost_one_more_copy_follows() -> None:
    desk = Desk(0.3)
    desk.came(*[number for number in range(1, 400) if number % 15])
    desk.times_asked(2.0)
    desk.came(401)
    assert desk.times_asked(0.3) == [25, 50]


def test_what_came_is_not_asked_for_and_tells_the_round_trip() -> None:
    desk = Desk(None)
    desk.came(1, 3)
    desk.now += 0.08
    desk.came(2, is_repeat=True)
    assert desk.asking.round_trip_s == pytest.approx(0.08)
    assert desk.times_asked(1.0) == []
    assert (desk.asking.count.recovered, desk.asking.count.asked_again) == (1, 1)


def test_what_was_asked_for_twice_tells_nothing_of_the_round_trip() -> None:
    desk = Desk(0.05)
    desk.came(1, 3)
    assert desk.times_asked(0.09) == [65]
    desk.came(2, is_repeat=True)
    assert desk.asking.round_trip_s == 0.05


def test_a_way_that_became_longer_is_learned_all_the_same() -> None:
    desk = Desk(0.02)
    for number in range(2, 40, 2):
        desk.came(number - 1, number + 1)
        desk.times_asked(0.395)
        desk.came(number, is_repeat=True)
    assert desk.asking.round_trip_s == pytest.approx(0.4, abs=0.01)


def test_packets_that_overtake_each_other_are_given_time() -> None:
    desk = Desk()
    assert desk.came(1, 3) == [2]
    desk.now += 0.02
    desk.came(2)
    assert desk.asking.count.needless == 1
    assert desk.came(5) == []
    desk.now += 0.015
    assert desk.came(4) == []  # was not asked for
    assert desk.came(7) == []
    assert desk.times_asked(0.03) == [20]


def test_the_time_given_is_bounded_and_forgotten_where_packets_are_lost() -> None:
    desk = Desk()
    desk.came(1, 3)
    desk.now += 3.0
    desk.came(2)
    desk.came(5)
    assert desk.times_asked(0.06) == [round(1000 * MOST_ALLOWANCE_S)]
    for number in range(6, 80, 2):
        desk.came(number + 1)
        desk.now += 0.06
        desk.asking.due(desk.now)
        desk.came(number, is_repeat=True)
    assert desk.came(82) == []
    assert desk.times_asked(0.05)[0] == 5


def test_what_a_key_frame_made_needless_is_not_asked_for() -> None:
    desk = Desk()
    desk.came(65_530, 65_533, 2)
    desk.asking.forget_before(0)
    desk.now += 0.2
    assert desk.asking.due(desk.now) == [0, 1]


def test_a_wide_step_is_no_gap_and_after_a_new_beginning_nothing_is_missing() -> None:
    desk = Desk()
    assert desk.came(1, 30_000, 30_002) == [30_001]
    desk.asking.begin_anew()
    assert desk.came(900) == []
    assert desk.times_asked(1.0) == []


def test_whatever_comes_memory_and_askings_are_bounded() -> None:
    chance = random.Random(4)
    desk = Desk()
    asked = 0
    for _ in range(20_000):
        desk.now += chance.choice([0.0, 0.001, 0.02])
        number = chance.randrange(0x10000) if chance.random() < 0.05 else chance.randrange(900)
        asked += len(desk.came(number, is_repeat=chance.random() < 0.3))
        assert len(desk.asking._gaps) <= MOST_MISSING
        assert len(desk.asking.missing) <= MOST_MISSING
    assert asked > 0


BEGINS, GOES_ON = b"\x10\x01...", b"\x00..."  # first byte: RFC 7741, 4.2
KEY = bytes.fromhex("10 100200 9d012a 8002e001 00")


@pytest.mark.parametrize("first", [GOES_ON, BEGINS])
def test_a_first_packet_after_a_lost_key_frame_asks_for_it(first: bytes) -> None:
    desk = Desk()
    assert desk.comes(3, first) == BEFORE_FIRST
    assert {number % 0x10000 for number in desk.asking.missing} >= {0, 1, 2, 65_535}
    assert Desk().comes(3, KEY) == 0
    assert Desk().comes(3, bytes.fromhex("90 80 8123") + KEY[1:]) == 0


def test_the_lost_end_of_a_picture_is_asked_for_before_the_next_one_shows_it() -> None:
    desk = Desk()
    for number in (1, 2, 3):
        desk.comes(number, KEY if number == 1 else GOES_ON, picture=90)
        desk.now += 0.01
    assert desk.times_asked(0.06)[0] == 20  # three times what they came apart by
    desk.comes(4, GOES_ON, picture=90, is_last=True)
    assert desk.asking.count.needless == 1
    assert desk.times_asked(0.01) == []


def test_on_a_slow_line_the_rest_of_a_picture_is_waited_for() -> None:
    desk = Desk()
    for number in (1, 2, 3, 4):
        desk.comes(number, KEY if number == 1 else GOES_ON, picture=90, is_last=number == 4)
        assert desk.times_asked(0.08) == []
    assert desk.times_asked(1.0) == []
    assert desk.comes(5, BEGINS, picture=3090) == 0
    assert desk.times_asked(0.2) == []
