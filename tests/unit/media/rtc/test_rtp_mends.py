"""Bytes of the far side that ended a call on stock, and memory they must not take."""

import random
import struct
from typing import Any

import aiortc.rtcrtpsender
import pytest
from aiortc.codecs import HEADER_EXTENSIONS
from aiortc.rtcrtpparameters import RTCRtpParameters
from aiortc.rtp import RtpPacket

from media.rtc import upstream
from media.rtc.rtp_mends import MOST_SOURCES, SENT_REMEMBERED, BoundedRouter, MendedExtensionsMap


def extensions(kind: str) -> MendedExtensionsMap:
    parameters = RTCRtpParameters()
    parameters.headerExtensions = HEADER_EXTENSIONS[kind]
    mended = MendedExtensionsMap()
    mended.configure(parameters)
    return mended


def packet_with(extension_id: int, value: bytes) -> bytes:
    head = struct.pack("!BBHLL", 0x90, 97, 7, 3000, 5)
    told = bytes([extension_id << 4 | len(value) - 1]) + value
    told += bytes(-len(told) % 4)
    return head + struct.pack("!HH", 0xBEDE, len(told) // 4) + told


def test_an_extension_of_a_wrong_length_is_refused_in_the_way_the_transport_expects() -> None:
    [number] = [e.id for e in HEADER_EXTENSIONS["video"] if e.uri.endswith("abs-send-time")]
    mended = extensions("video")
    with pytest.raises(ValueError, match="extension"):
        RtpPacket.parse(packet_with(number, b"\x01"), mended)
    assert mended.refused == 1
    good = RtpPacket.parse(packet_with(number, b"\x01\x02\x03"), mended)
    assert good.extensions.abs_send_time == 0x010203


@pytest.mark.parametrize("kind", ["video", "audio"])
def test_random_bytes_are_a_packet_or_a_value_error(kind: str) -> None:
    chance = random.Random(5)
    mended, read = extensions(kind), 0
    for _ in range(20_000):
        data = bytearray(chance.randbytes(chance.randrange(40)))
        if len(data) > 16 and chance.random() < 0.9:
            data[0] = 0x90
            data[12:16] = b"\xbe\xde" + struct.pack("!H", chance.randrange(4))
            data[16] = chance.randrange(6) << 4 | chance.randrange(5)
        try:
            RtpPacket.parse(bytes(data), mended)
            read += 1
        except ValueError:
            continue
    assert read > 1000
    assert mended.refused > 100


def test_new_sources_without_end_are_not_remembered() -> None:
    router = BoundedRouter()
    receiver: Any = object()  # the router only keeps it
    router.register_receiver(receiver, ssrcs=[1], payload_types=[97])
    for ssrc in range(1, 5000):
        router.route_rtp(RtpPacket(payload_type=97, ssrc=ssrc))
    assert len(router.ssrc_table) == MOST_SOURCES
    assert router.refused == 4999 - MOST_SOURCES
    assert router.route_rtp(RtpPacket(payload_type=97, ssrc=1)) is receiver


def test_more_is_kept_for_whoever_asks_again() -> None:
    upstream.fit()
    assert vars(aiortc.rtcrtpsender)["RTP_HISTORY_SIZE"] == SENT_REMEMBERED
    assert 0x10000 % SENT_REMEMBERED == 0
