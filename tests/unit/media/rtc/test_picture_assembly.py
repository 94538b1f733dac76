"""Holes: when their time begins, what ends it, what is kept; order and bounds whatever comes."""

import random
from dataclasses import dataclass, field

import pytest

from media.quality.arrival_count import ArrivalCount
from media.rtc.h264_words import BEGIN_CODE
from media.rtc.picture_assembly import (
    LEAST_LIMIT_S,
    MOST_WAITING,
    MOST_WAITING_BYTES,
    PictureAssembly,
)
from media.rtc.picture_words import H264, VP8, PictureWords
from tests.fakes.picture_line import INTER_HEADER, KEY_HEADER

FRAME_S = 1 / 30


@dataclass(frozen=True)
class Packet:
    number: int
    picture: int
    is_first: bool
    is_last: bool
    data: bytes
    words: PictureWords = VP8


def picture(number: int, at: int, count: int = 3, *, key: bool = False) -> list[Packet]:
    header = KEY_HEADER if key else INTER_HEADER
    return [
        Packet(
            at + index,
            number,
            index == 0,
            index == count - 1,
            (header if index == 0 else b"") + bytes([number % 256]),
        )
        for index in range(count)
    ]


@dataclass
class Desk:
    now: float = 50.0
    assembly: PictureAssembly = field(default_factory=lambda: PictureAssembly(ArrivalCount(), 50.0))
    keys_asked_at: list[float] = field(default_factory=list)

    def add(self, *packets: Packet) -> list[int]:
        return [stamp // 3000 for _, stamp in self.whole(*packets)]

    def whole(self, *packets: Packet) -> list[tuple[bytes, int]]:
        whole = []
        for each in packets:
            whole += self.assembly.add(
                each.number % 0x10000,
                each.picture * 3000 % 2**32,
                each.data,
                self.now,
                is_first=each.is_first,
                is_last=each.is_last,
                words=each.words,
            )
            self.ask()
        return whole

    def ask(self) -> None:
        if self.assembly.is_key_due(self.now):
            self.keys_asked_at.append(self.now)

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now = min(self.now + 0.01, until)
            self.assembly.look(self.now)
            self.ask()


def stream(desk: Desk, packets: list[Packet]) -> list[int]:
    """30 pictures a second."""
    came: list[int] = []
    before = packets[0].picture
    for packet in packets:
        if packet.picture != before:
            desk.wait(FRAME_S)
            before = packet.picture
        came += desk.add(packet)
    return came


def h264_picture(number: int, at: int, *, key: bool = False) -> list[Packet]:
    """As an end packs it that puts each unit into a packet of its own, a mark before each picture:
    with a key frame come two parameter sets. Both slices are of the whole picture.
    """
    kinds = [0x09, 0x67, 0x68, 0x65, 0x65] if key else [0x09, 0x41, 0x41]
    units = [bytes([kind, 0x80, number]) for kind in kinds]
    last = len(units) - 1
    return [
        Packet(at + place, number, H264.begins_frame(unit), place == last, BEGIN_CODE + unit, H264)
        for place, unit in enumerate(units)
    ]


def test_of_h264_a_key_frame_of_many_units_is_taken_with_all_of_them() -> None:
    desk = Desk()
    first, second, key = h264_picture(1, 0, key=True), h264_picture(2, 5), h264_picture(4, 11)
    assert desk.add(*first, *second) == [1, 2]
    assert desk.add(*key) == []  # the third picture is missing
    key = h264_picture(5, 14, key=True)
    assert desk.whole(*key) == [(b"".join(each.data for each in key), 15000)]
    assert desk.add(*h264_picture(6, 19)) == [6]


def test_of_h264_a_key_frame_without_its_parameter_sets_is_not_whole() -> None:
    desk = Desk()
    key = h264_picture(1, 0, key=True)
    assert desk.add(*key[2:]) == []
    assert desk.add(*key[:2]) == [1]  # they come late


@pytest.mark.parametrize("lost", [30, 31, 32])  # first, middle, last of the eleventh
def test_a_gap_anywhere_in_a_picture_is_given_up_600_ms_after_what_follows_it(lost: int) -> None:
    desk = Desk()
    packets = [each for n in range(1, 40) for each in picture(n, 3 * (n - 1), key=n == 1)]
    follows_s = (packets[lost + 1].picture - 1) * FRAME_S
    del packets[lost]
    assert stream(desk, packets) == list(range(1, 11))  # nothing broken is shown
    assert desk.keys_asked_at[0] - 50.0 == pytest.approx(follows_s + 0.6, abs=0.04)
    assert desk.add(*picture(40, 117, key=True), *picture(41, 120)) == [40, 41]
    assert desk.assembly.count.given_up == 1


def test_the_time_runs_also_when_nothing_comes_any_more() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True), *picture(2, 3)[1:])
    desk.wait(1.0)
    assert desk.keys_asked_at[0] == pytest.approx(50.6, abs=0.02)


def test_a_hole_behind_a_hole_has_waited_already() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    second, third = picture(2, 3), picture(3, 6)
    desk.add(*second[1:], third[0], third[2])
    desk.wait(0.4)
    assert desk.add(second[0]) == [2]
    desk.wait(0.3)
    assert len(desk.keys_asked_at) == 1


def test_a_pause_of_the_sender_is_no_gap() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True), picture(2, 3)[0])
    desk.wait(5.0)
    assert desk.add(*picture(2, 3)[1:]) == [2]
    assert desk.keys_asked_at == []


def test_a_whole_key_frame_behind_a_gap_is_taken_at_once_and_the_gap_forgotten() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    lost = picture(2, 3)
    assert desk.add(*picture(3, 6)) == []
    assert desk.add(*picture(4, 9, key=True)) == [4]
    assert desk.assembly.needed_from == 12
    assert desk.add(*lost) == []
    assert desk.assembly.count.late == 3
    assert desk.add(*picture(5, 12)) == [5]
    desk.wait(2.0)
    assert desk.keys_asked_at == []


def test_where_pictures_are_held_a_hole_has_until_the_key_frame_is_to_be_shown() -> None:
    desk = Desk()
    desk.assembly.patience_s = 0.3
    lost = picture(2, 3)
    desk.add(*picture(1, 0, key=True), *picture(3, 6), *picture(4, 9, key=True))
    desk.wait(0.28)
    assert desk.add(*lost) == [2, 3, 4]
    assert desk.add(*picture(6, 15), *picture(7, 18, key=True)) == []
    desk.wait(0.31)
    assert desk.add(*picture(8, 21)) == [7, 8]
    assert desk.assembly.count.given_up == 1
    assert desk.keys_asked_at == []


def test_no_key_frame_is_asked_for_when_one_waits_already() -> None:
    desk = Desk()
    desk.assembly.patience_s = 0.7
    desk.add(*picture(1, 0, key=True), *picture(3, 6), *picture(4, 9, key=True))
    desk.wait(0.65)
    assert desk.add(*picture(5, 12)) == [4, 5]
    assert desk.keys_asked_at == []


def test_a_key_frame_whose_packets_come_in_any_order_is_taken_too() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    assert desk.add(*reversed(picture(4, 9, key=True))) == [4]


def test_a_key_frame_on_its_way_is_kept_when_a_gap_is_given_up() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True), *picture(3, 6))
    desk.wait(0.55)
    key = picture(4, 9, key=True)
    desk.add(*key[:2])
    desk.wait(0.1)
    assert desk.add(key[2]) == [4]


def test_the_first_picture_must_be_a_whole_key_frame() -> None:
    desk = Desk()
    assert desk.add(*picture(1, 0), *picture(2, 3, key=True)[1:]) == []
    desk.wait(0.7)
    assert desk.keys_asked_at[0] == pytest.approx(50.3, abs=0.02)
    assert desk.add(*picture(4, 9, key=True)) == [4]


def test_the_limit_grows_with_the_round_trip() -> None:
    desk = Desk()
    desk.assembly.round_trip_is(0.6)
    desk.add(*picture(1, 0, key=True), *picture(3, 6))
    desk.wait(1.4)
    assert desk.keys_asked_at == []
    desk.wait(0.2)
    assert desk.keys_asked_at[0] == pytest.approx(51.5, abs=0.02)


def test_no_round_trip_is_so_long_that_nothing_is_asked_for_any_more() -> None:
    desk = Desk()
    desk.assembly.round_trip_is(60.0)
    desk.add(*picture(1, 0, key=True), *picture(3, 6))
    desk.wait(10.0)
    assert desk.keys_asked_at[0] == pytest.approx(55.0, abs=0.02)
    assert len(desk.keys_asked_at) == 3


def test_a_filler_without_bytes_holds_nothing_up_and_is_no_picture() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    assert desk.add(Packet(3, 1, False, False, b"")) == []
    assert desk.add(*picture(2, 4)) == [2]


def test_a_picture_without_its_beginning_is_no_picture() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    assert desk.add(Packet(3, 2, False, True, b"\x01abc")) == []
    assert desk.add(*picture(3, 4)) == []
    assert desk.assembly.count.malformed == 1
    assert desk.add(*picture(4, 7, key=True)) == [4]


def test_numbers_and_timestamps_that_wrap_are_followed() -> None:
    desk = Desk()
    first = 2**32 // 3000 - 3
    numbers = [first + n for n in range(9)]
    packets = [picture(n, 65_525 + 3 * i, key=i == 0) for i, n in enumerate(numbers)]
    came = [desk.add(*each) for each in packets]
    assert [len(each) for each in came] == [1] * 9


def test_one_stray_number_changes_nothing_two_in_a_row_are_a_new_beginning() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    assert desk.add(*picture(9, 30_000, 1, key=True)) == []
    assert desk.add(*picture(2, 3)) == [2]
    assert desk.add(*picture(20, 40_000, 1), *picture(21, 40_001, 2, key=True)) == [21]


def test_after_a_silence_nothing_old_is_shown() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True), *picture(2, 3)[:2])
    desk.assembly.begin_anew()
    assert desk.add(*picture(60, 200)) == []
    assert desk.add(*picture(61, 203, key=True), *picture(62, 206)) == [61, 62]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_comes_pictures_are_whole_in_order_and_waited_for_within_the_limit(
    seed: int,
) -> None:
    chance = random.Random(seed)
    desk = Desk()
    packets: list[Packet] = []
    for number in range(1, 300):
        key = number == 1 or chance.random() < 0.02
        packets += picture(number, len(packets) + 65_000, chance.randint(1, 4), key=key)
    desk.assembly.patience_s = chance.choice([0.0, 0.3])
    loss, spread = chance.choice([0, 0.02, 0.2]), chance.choice([0, 3, 30])
    sent = [p for p in packets for _ in range(chance.choice([1, 1, 2])) if chance.random() >= loss]
    order = sorted(range(len(sent)), key=lambda at: at + chance.uniform(0, spread))
    came: list[int] = []
    for at in order:
        desk.wait(chance.uniform(0, 0.02))
        came += desk.add(sent[at])
        hole, pieces = desk.assembly._hole, desk.assembly._pieces
        behind = [p.arrived_at for n, p in pieces.items() if hole is not None and n > hole]
        assert desk.now - min(behind, default=desk.now) <= LEAST_LIMIT_S
        assert len(desk.assembly._pieces) <= MOST_WAITING
    assert came == sorted(set(came))
    arrived = {packet.number for packet in sent}
    whole = [n for n in came if all(p.number in arrived for p in packets if p.picture == n)]
    assert came == whole
    if loss == 0 and spread == 0:
        assert came == list(range(1, 300))


def test_a_far_side_that_never_ends_a_picture_fills_nothing() -> None:
    desk = Desk()
    desk.add(*picture(1, 0, key=True))
    for number in range(3, 3000):
        first = number == 3
        desk.add(Packet(number, 2, first, False, INTER_HEADER + bytes(1200)))
        assert len(desk.assembly._pieces) <= MOST_WAITING
        held = sum(len(piece.data) for piece in desk.assembly._pieces.values())
        assert held == desk.assembly._waiting_bytes <= MOST_WAITING_BYTES
    assert desk.add(*picture(9, 3000, key=True)) == [9]
