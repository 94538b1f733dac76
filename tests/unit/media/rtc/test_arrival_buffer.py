"""Stock's seams served: voice at once, pictures in runs, repeats known, a decoder that recovers."""

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtpPacket, wrap_rtx

from media.audio.playout_buffer import VoicePacket
from media.picture.h264_encoder import H264Encoder
from media.rtc.arrival_buffer import (
    ArrivalBuffer,
    FrameRun,
    RunH264Decoder,
    RunVp8Decoder,
    unwrap_rtx,
)
from media.rtc.picture_assembly import MOST_WAITING
from media.rtc.picture_words import H264, VP8
from tests.fakes.picture_line import INTER_HEADER, KEY_HEADER
from tests.unit.media.picture.given import HEIGHT, WIDTH, planes, scene

H264_TYPE = 99


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


def picture(number: int, at: int, count: int = 3, *, key: bool = False) -> list[Any]:
    """`count` packets of one picture, numbered from `at`."""
    packets: list[Any] = []
    for index in range(count):
        packet: Any = RtpPacket(
            payload_type=97,
            sequence_number=(at + index) % 0x10000,
            timestamp=number * 3000,
            marker=int(index == count - 1),
        )
        packet.payload = b"\x10" if index == 0 else b"\x00"
        header = KEY_HEADER if key else INTER_HEADER
        packet._data = (header if index == 0 else b"") + bytes([number % 256, index])
        packets.append(packet)
    return packets


def picture_buffer(clock: Hand) -> ArrivalBuffer:
    return ArrivalBuffer(capacity=512, is_video=True, clock=clock)


def shown(buffer: ArrivalBuffer, packets: list[RtpPacket]) -> list[list[int]]:
    """The picture numbers in what left the buffer, run by run."""
    answer: list[list[int]] = []
    for packet in packets:
        _, run = buffer.add(packet)
        if run is not None:
            assert isinstance(run, FrameRun)
            stamps = [run.timestamp - ticks for _, ticks in run.earlier] + [run.timestamp]
            answer.append([stamp // 3000 for stamp in stamps])
    return answer


def test_voice_packets_pass_at_once_as_they_come() -> None:
    clock = Hand()
    buffer = ArrivalBuffer(capacity=16, prefetch=4, clock=clock)
    assert buffer.add(voice_packet(6)) == (False, None), "nobody gathers them yet"
    came: list[VoicePacket] = []
    buffer.when_voice = lambda payload_type, packet: came.append(packet)
    for number in (7, 9, 8, 8, 65_535, 0):
        clock.now += 0.02
        assert buffer.add(voice_packet(number)) == (False, None), "nothing for stock's decoder"
        assert came.pop() == VoicePacket(number, number * 960, number.to_bytes(4, "big"), clock.now)


def test_a_picture_leaves_with_its_last_packet() -> None:
    buffer = picture_buffer(Hand())
    packets = picture(1, 0, key=True)
    assert shown(buffer, packets[:2]) == []
    assert shown(buffer, packets[2:]) == [[1]]
    assert shown(buffer, picture(2, 3)) == [[2]]


def test_all_that_becomes_whole_leaves_together() -> None:
    buffer = picture_buffer(Hand())
    packets = picture(1, 0, key=True) + picture(2, 3) + picture(3, 6) + picture(4, 9, 1)
    missing = packets.pop(4)
    assert shown(buffer, packets) == [[1]]
    assert shown(buffer, [missing]) == [[2, 3, 4]]


def test_a_key_frame_is_asked_for_while_none_comes() -> None:
    clock = Hand()
    buffer = picture_buffer(clock)
    asked = []
    for number in range(1, 40):
        clock.now += 1 / 30
        asked.append(buffer.add(picture(number, number, 1)[0])[0])
    assert sum(asked) == 3  # in 1.3 s, each 0.3 s, not with the first packet


@pytest.mark.parametrize("is_video", [True, False])
def test_noise_is_bounded_and_never_a_crash(is_video: bool) -> None:
    chance = random.Random(9)
    clock = Hand()
    buffer = ArrivalBuffer(capacity=512, is_video=is_video, clock=clock)
    buffer.words_of = lambda payload_type: H264 if payload_type == H264_TYPE else VP8
    for _ in range(20_000):
        clock.now += chance.choice([0, 0.001, 0.1])
        number = chance.randrange(0x10000) if chance.random() < 0.1 else chance.randrange(600)
        packet: Any = RtpPacket(
            payload_type=chance.choice([97, H264_TYPE]),
            marker=chance.randrange(2),
            sequence_number=number,
            timestamp=chance.randrange(2**32),
        )
        packet.payload = chance.choice([b"", b"\x10", b"\x00", b"\x67", chance.randbytes(2)])
        packet._data = chance.choice(
            [b"", KEY_HEADER, INTER_HEADER, b"\0\0\1\x67", chance.randbytes(3)]
        )
        buffer.add(packet)
        assert len(buffer.pictures._pieces) <= MOST_WAITING


def test_a_repeat_is_known_as_one() -> None:
    packet = RtpPacket(payload_type=97, sequence_number=7, timestamp=3000, ssrc=5, marker=1)
    packet.payload = b"\x10\x01"
    rtx = wrap_rtx(packet, payload_type=98, sequence_number=900, ssrc=6)
    again = unwrap_rtx(rtx, payload_type=97, ssrc=5)
    assert vars(again)["is_repeat"] is True
    assert (again.sequence_number, again.payload, again.marker) == (7, b"\x10\x01", 1)


def coded_pictures() -> list[bytes]:
    encoder = Vp8Encoder()
    chance = np.random.default_rng(3)
    coded = []
    for number in range(12):
        rows = chance.integers(0, 255, (96, 64), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        frame.pts = number * 3000
        frame.time_base = Fraction(1, 90_000)
        payloads, _ = encoder.encode(frame, force_keyframe=number in (0, 8))
        coded.append(b"".join(payload[4:] for payload in payloads))
    return coded


def test_a_key_frame_is_asked_for_again_while_pictures_are_left_out() -> None:
    coded = coded_pictures()
    decoder = RunVp8Decoder()
    with pytest.raises(av.FFmpegError):
        decoder.decode(JitterFrame(b"\x00junk", 0))
    failures = 0
    for number in range(40):
        try:
            assert decoder.decode(JitterFrame(coded[1], number * 3000)) == []
        except av.FFmpegError:
            failures += 1
    assert failures == 4


def h264_pictures() -> list[bytes]:
    encoder = H264Encoder()
    encoder.set(WIDTH, HEIGHT, 800_000, 30)
    made = [
        encoder.encode(planes(scene()[number]), number * 3000, is_key_wanted=number in (0, 8))
        for number in range(12)
    ]
    return [one.data for one in made if one is not None]


def test_of_h264_each_picture_is_made_at_once_and_with_its_time() -> None:
    decoder = RunH264Decoder()
    for number, data in enumerate(h264_pictures()):
        [frame] = decoder.decode(JitterFrame(data, number * 3000))
        assert isinstance(frame, av.VideoFrame)
        assert (frame.pts, frame.width, frame.height) == (number * 3000, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    ("decoder", "pictures", "spoiled"),
    [
        (RunVp8Decoder, coded_pictures, KEY_HEADER[1:4] + b"junk"),  # neither one nor the other
        (RunH264Decoder, h264_pictures, b"\0\0\0\1" + b"\x41junk" * 9),
    ],
)
def test_after_bytes_that_are_no_picture_nothing_is_made_before_the_next_key_frame(
    decoder: type[RunVp8Decoder | RunH264Decoder],
    pictures: Callable[[], list[bytes]],
    spoiled: bytes,
) -> None:
    coded = pictures()
    coded[3] = spoiled
    ours = decoder()
    made, failures = [], 0
    for number, data in enumerate(coded):
        try:
            made += [frame.pts for frame in ours.decode(JitterFrame(data, number * 3000))]
        except av.FFmpegError:
            failures += 1
    assert made == [number * 3000 for number in (0, 1, 2, 8, 9, 10, 11)]
    assert failures == 1


def test_of_h264_a_picture_is_not_larger_than_one_of_vp8_may_be() -> None:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 8192, 4096, "yuv420p"
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"}
    rows = np.full((4096 * 3 // 2, 8192), 128, dtype=np.uint8)
    [packet] = encoder.encode(av.VideoFrame.from_ndarray(rows, format="yuv420p"))
    with pytest.raises(av.FFmpegError):
        RunH264Decoder().decode(JitterFrame(bytes(packet), 0))
