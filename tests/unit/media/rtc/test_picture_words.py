"""VP8 and H.264 as the way in and the way out know them; neither is taken for the other."""

import random

import pytest
from aiortc.codecs import vpx
from aiortc.codecs.h264 import H264Encoder as StockPacking
from aiortc.codecs.vpx import VpxPayloadDescriptor
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from media.picture.h264_encoder import H264Encoder
from media.picture.picture_encoder import PictureEncoder
from media.picture.vp8_encoder import Vp8Encoder
from media.rtc.picture_words import H264, VP8, PictureWords, begins_key_frame, words_of
from tests.unit.media.picture.given import FRAME_TICKS, HEIGHT, WIDTH, planes, scene

VP8_KEY, VP8_OTHER = b"\x10\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01", b"\x11\x00"


def packet(payload: bytes) -> bytes:
    made = RtpPacket(payload_type=97, sequence_number=1, timestamp=2, ssrc=3, payload=payload)
    made.extensions.mid = "1"
    return made.serialize(HeaderExtensionsMap())


def payloads(encoder: PictureEncoder) -> list[bytes]:
    """Of thirty pictures; only the first is a key frame."""
    encoder.set(WIDTH, HEIGHT, 1_000_000, 30)
    made = [encoder.encode(planes(scene()[n]), n * FRAME_TICKS) for n in range(30)]
    found: list[bytes] = []
    for one in made:
        if one is None:
            continue
        if isinstance(encoder, H264Encoder):
            found += StockPacking._packetize(StockPacking._split_bitstream(one.data))
        else:
            found += vpx.Vp8Encoder._packetize(one.data, 5)
    return found


def test_the_codec_is_known_by_its_name() -> None:
    assert words_of("video/H264") is H264
    assert words_of("video/h264") is H264
    assert words_of("video/VP8") is VP8


def test_key_frames_that_leave_are_known_by_their_first_packet() -> None:
    first = bytes(VpxPayloadDescriptor(partition_start=1, partition_id=0, picture_id=300))
    later = bytes(VpxPayloadDescriptor(partition_start=0, partition_id=0, picture_id=300))
    assert begins_key_frame(packet(first + VP8_KEY))
    assert not begins_key_frame(packet(first + VP8_OTHER))
    assert not begins_key_frame(packet(later + VP8_KEY))
    assert not begins_key_frame(packet(b""))


@pytest.mark.parametrize(
    ("encoder", "other"), [(Vp8Encoder(WIDTH, HEIGHT), H264), (H264Encoder(), VP8)]
)
def test_what_we_pack_is_never_the_other_codecs(
    encoder: PictureEncoder, other: PictureWords
) -> None:
    sent = payloads(encoder)
    assert [begins_key_frame(packet(each)) for each in sent] == [True] + [False] * (len(sent) - 1)
    assert not any(other.begins_key_packet(each) for each in sent)


def test_spoiled_packets_break_nothing() -> None:
    chance = random.Random(3)
    whole = packet(bytes(20))
    for _ in range(20_000):
        data = bytearray(whole)
        for _ in range(chance.randrange(3)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        begins_key_frame(bytes(data[: chance.randrange(12, len(data) + 1)]))
