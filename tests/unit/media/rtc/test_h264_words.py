"""What can be told of H.264 by its first bytes: real pictures of libx264, packed as stock does."""

import random
import time

from aiortc.codecs.h264 import H264Encoder as StockPacking
from aiortc.codecs.h264 import h264_depayload

from media.picture.h264_encoder import H264Encoder
from media.rtc.h264_words import begins_frame, begins_key_frame, begins_key_packet, needs_others
from tests.noise import PACKETS
from tests.unit.media.picture.given import FRAME_TICKS, HEIGHT, WIDTH, planes, scene

DELIMITER = b"\x09\xf0"


def packed(bit_s: int = 2_000_000) -> list[list[bytes]]:
    """The payloads of a key frame and two others; the first of them takes several."""
    encoder, pictures = H264Encoder(), []
    encoder.set(WIDTH, HEIGHT, bit_s, 30)
    for number in range(3):
        made = encoder.encode(planes(scene()[number]), number * FRAME_TICKS)
        assert made is not None
        assert made.is_key == (number == 0)
        pictures.append(StockPacking._packetize(StockPacking._split_bitstream(made.data)))
    assert len(pictures[0]) > 3
    return pictures


def test_a_picture_can_begin_with_its_first_packet_and_behind_its_parameter_sets() -> None:
    (sets, first, *parts), *others = packed()
    assert begins_frame(sets)
    assert begins_frame(first)
    assert not any(begins_frame(each) for each in parts)
    for payloads in others:
        assert [begins_frame(each) for each in payloads] == [True] + [False] * (len(payloads) - 1)


def test_a_key_frame_is_told_from_others_in_packets_and_put_together() -> None:
    key, *others = packed()
    assert [begins_key_packet(each) for each in key] == [True] + [False] * (len(key) - 1)
    data = b"".join(h264_depayload(each) for each in key)
    assert begins_key_frame(data)
    assert not needs_others(data)
    for payloads in others:
        assert not any(begins_key_packet(each) for each in payloads)
        data = b"".join(h264_depayload(each) for each in payloads)
        assert not begins_key_frame(data)
        assert needs_others(data)


def test_a_mark_between_pictures_says_nothing_of_the_next_one() -> None:
    key, other, _ = (b"".join(h264_depayload(each) for each in one) for one in packed())
    marked = h264_depayload(DELIMITER)
    assert begins_frame(DELIMITER)
    assert not begins_key_packet(DELIMITER)
    assert not begins_key_frame(marked)
    assert not needs_others(marked)
    assert begins_key_frame(marked + key)
    assert needs_others(marked + other)


def test_a_picture_of_marks_alone_is_none_and_is_not_looked_through() -> None:
    marks = h264_depayload(DELIMITER) * 200_000
    began_s = time.process_time()
    assert not begins_key_frame(marks)
    assert not needs_others(marks)
    assert time.process_time() - began_s < 0.01


def test_a_part_of_a_picture_is_no_beginning() -> None:
    slice_behind = b"\x41\x40"  # its first macroblock is not the picture's
    assert not begins_frame(slice_behind)
    assert begins_frame(b"\x41\x80")
    for cut in (b"", b"\x41", b"\x7c", b"\x7c\x85", b"\x78", b"\x78\x00\x05", b"\x00", b"\x1f\xff"):
        assert not begins_frame(cut)
        assert not begins_key_packet(cut)


@PACKETS
def test_noise_breaks_nothing_and_is_nothing_that_it_is_not(packets: int) -> None:
    chance = random.Random(5)
    real = [payload for payloads in packed() for payload in payloads]
    keys = 0
    for _ in range(packets):
        payload = bytearray(chance.choice(real)[: chance.randrange(40)])
        for _ in range(chance.randrange(4)):
            if payload:
                payload[chance.randrange(len(payload))] = chance.randrange(256)
        data = bytes(payload)
        keys += begins_key_packet(data)
        assert begins_frame(data) or not begins_key_packet(data)
        assert not (begins_key_frame(data) and needs_others(data))
    assert keys > packets // 100
