"""Packets into frames: order, gaps, wraps and bounds, with a clock moved by hand."""

import random
from typing import Any

import pytest
from aiortc.rtp import RtpPacket

from media.audio.playout_buffer import VoicePacket
from media.rtc.arrival_buffer import MOST_WAITING, ArrivalBuffer, FrameRun, is_key_frame
from media.rtc.voice_arrival import VoiceFrame


class Hand:
    now = 50.0

    def __call__(self) -> float:
        return self.now


def voice_packet(number: int) -> Any:
    packet: Any = RtpPacket(
        payload_type=96, sequence_number=number % 0x10000, timestamp=number * 960
    )
    packet._data = number.to_bytes(4, "big")
    return packet


def picture_packet(number: int, picture: int, *, first: bool, last: bool, key: bool = False) -> Any:
    packet: Any = RtpPacket(
        payload_type=97,
        sequence_number=number % 0x10000,
        timestamp=picture * 3000,
        marker=int(last),
    )
    packet.payload = bytes([0x10 if first else 0x00])
    packet._data = bytes([0 if key else 1]) + bytes([picture % 256, number % 256])
    return packet


def pictures_of(run: object) -> list[int]:
    """The picture numbers in what left the buffer."""
    if run is None:
        return []
    assert isinstance(run, FrameRun)
    stamps = [run.timestamp - ticks for _, ticks in run.earlier] + [run.timestamp]
    return [stamp // 3000 for stamp in stamps]


def test_voice_packets_pass_at_once_as_they_come() -> None:
    clock = Hand()
    buffer = ArrivalBuffer(capacity=16, prefetch=4, clock=clock)
    for number in (7, 9, 8, 8, 65_535, 0):
        clock.now += 0.02
        is_key_due, frame = buffer.add(voice_packet(number))
        assert not is_key_due
        assert isinstance(frame, VoiceFrame)
        assert frame.packet == VoicePacket(
            number, number * 960, number.to_bytes(4, "big"), clock.now
        )


def shown(buffer: ArrivalBuffer, packets: list[RtpPacket]) -> list[int]:
    answer: list[int] = []
    for packet in packets:
        _, run = buffer.add(packet)
        answer += pictures_of(run)
    return answer


def picture(number: int, at: int, count: int = 3, *, key: bool = False) -> list[RtpPacket]:
    """`count` packets of one picture, numbered from `at`."""
    return [
        picture_packet(at + i, number, first=i == 0, last=i == count - 1, key=key)
        for i in range(count)
    ]


def picture_buffer(clock: Hand) -> ArrivalBuffer:
    return ArrivalBuffer(capacity=512, is_video=True, clock=clock)


def test_a_picture_leaves_with_its_last_packet() -> None:
    buffer = picture_buffer(Hand())
    packets = picture(1, 0, key=True)
    assert shown(buffer, packets[:2]) == []
    assert shown(buffer, packets[2:]) == [1]
    assert shown(buffer, picture(2, 3)) == [2]


def test_the_first_picture_must_be_a_whole_key_frame() -> None:
    clock = Hand()
    buffer = picture_buffer(clock)
    assert shown(buffer, picture(1, 0)) == []  # needs one before it
    assert shown(buffer, picture(2, 3, key=True)[1:]) == []  # its first packet is lost
    clock.now += 0.7
    is_asked, _ = buffer.add(picture(3, 6)[0])
    assert is_asked
    clock.now += 0.7
    shown(buffer, picture(3, 6)[1:])
    assert shown(buffer, picture(4, 9, key=True)) == [4]


def test_all_that_becomes_whole_leaves_together() -> None:
    buffer = picture_buffer(Hand())
    packets = picture(1, 0, key=True) + picture(2, 3) + picture(3, 6) + picture(4, 9, 1)
    missing = packets.pop(4)
    assert shown(buffer, packets) == [1]
    _, run = buffer.add(missing)
    assert pictures_of(run) == [2, 3, 4]


def test_a_gap_in_mid_picture_is_given_up_after_600_ms_for_a_key_frame() -> None:
    clock = Hand()
    buffer = picture_buffer(clock)
    packets = [each for n in range(1, 40) for each in picture(n, 3 * n, key=n == 1)]
    del packets[31]  # the second packet of the eleventh
    came: list[int] = []
    asked_at: list[float] = []
    for at, packet in enumerate(packets):
        if at % 3 == 0:
            clock.now += 0.033
        is_asked, run = buffer.add(packet)
        came += pictures_of(run)
        if is_asked:
            asked_at.append(clock.now)
    assert came == list(range(1, 11))  # nothing broken is shown
    assert 0.6 <= asked_at[0] - (50 + 10 * 0.033) < 0.7  # since the last whole one
    assert shown(buffer, picture(40, 120, key=True) + picture(41, 123)) == [40, 41]


def test_a_picture_after_a_pause_of_the_sender_is_not_taken_for_a_gap() -> None:
    clock = Hand()
    buffer = picture_buffer(clock)
    assert shown(buffer, picture(1, 0, key=True)) == [1]
    clock.now += 5.0
    assert shown(buffer, picture(2, 3)) == [2]


def test_after_a_silence_nothing_old_is_shown() -> None:
    buffer = picture_buffer(Hand())
    shown(buffer, picture(1, 0, key=True) + picture(2, 3)[:2])
    buffer.begin_anew()
    assert shown(buffer, picture(60, 200)) == []
    assert shown(buffer, picture(61, 203, key=True) + picture(62, 206)) == [61, 62]


def test_numbers_that_wrap_are_followed() -> None:
    buffer = picture_buffer(Hand())
    packets = [each for n in range(1, 9) for each in picture(n, 65_525 + 3 * n, key=n == 1)]
    assert shown(buffer, packets) == list(range(1, 9))


@pytest.mark.parametrize("is_video", [True, False])
def test_noise_is_bounded_and_never_a_crash(is_video: bool) -> None:
    chance = random.Random(9)
    clock = Hand()
    buffer = ArrivalBuffer(capacity=512, is_video=is_video, clock=clock)
    for _ in range(20_000):
        clock.now += chance.choice([0, 0.001, 0.1])
        number = chance.randrange(0x10000) if chance.random() < 0.1 else chance.randrange(600)
        packet: Any = RtpPacket(
            payload_type=97,
            marker=chance.randrange(2),
            sequence_number=number,
            timestamp=chance.randrange(2**32),
        )
        packet.payload = chance.randbytes(chance.randrange(4))
        packet._data = chance.randbytes(chance.randrange(4))
        buffer.add(packet)
        assert len(buffer._waiting) <= MOST_WAITING


def test_what_is_a_key_frame() -> None:
    key = picture_packet(1, 1, first=True, last=True, key=True)
    assert is_key_frame(key, b"\x00")
    assert not is_key_frame(key, b"\x01")
    assert not is_key_frame(key, b"")
    assert not is_key_frame(picture_packet(1, 1, first=False, last=True, key=True), b"\x00")
