"""Repairs in a description, agreed on or not; and their packets, whole or cut anywhere."""

import asyncio
import random

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription, sdp
from aiortc.codecs.vpx import Vp8Encoder

from media.quality.repair_code import repairs_of
from media.rtc import upstream
from media.rtc.new_connection import use_our_codecs
from media.rtc.repair_packets import (
    PACKET_HEAD,
    PAYLOAD_BYTES,
    REPAIR,
    REPAIR_TYPE,
    STOCK_PAYLOAD_BYTES,
    VERSION,
    Repair,
    Types,
    packet_of,
    read,
    repairable,
    told,
    types_of,
)

HEAD = bytes((VERSION, REPAIR_TYPE)) + bytes(10)


async def agreed(*, answer_knows: bool) -> tuple[Types | None, Types | None, list[str]]:
    upstream.fit()
    one, other = RTCPeerConnection(), RTCPeerConnection()
    try:
        one.addTransceiver("video", direction="sendrecv")
        use_our_codecs(one)
        async with asyncio.timeout(10):
            await one.setLocalDescription(await one.createOffer())
            offer = one.localDescription
            assert types_of(other) is None
            if not answer_knows:
                lines = offer.sdp.split("\r\n")
                kept = [line for line in lines if f":{REPAIR_TYPE} " not in line]
                offer = RTCSessionDescription(
                    "\r\n".join(kept).replace(f" {REPAIR_TYPE}\r\n", "\r\n"), "offer"
                )
            await other.setRemoteDescription(offer)
            await other.setLocalDescription(await other.createAnswer())
            await one.setRemoteDescription(other.localDescription)
        [media] = sdp.SessionDescription.parse(other.localDescription.sdp).media
        return types_of(one), types_of(other), [codec.mimeType for codec in media.rtp.codecs]
    finally:
        await one.close()
        await other.close()


def test_both_of_ours_agree_on_it_behind_what_a_picture_is_sent_as() -> None:
    one, other, names = asyncio.run(agreed(answer_knows=True))
    assert one == other
    assert one is not None and one.repair == REPAIR_TYPE
    assert names == ["video/VP8", "video/rtx", "video/H264", "video/rtx", REPAIR]


def test_a_far_side_that_leaves_it_out_gets_none() -> None:
    one, other, names = asyncio.run(agreed(answer_knows=False))
    assert (one, other) == (None, None)
    assert names == ["video/VP8", "video/rtx", "video/H264", "video/rtx"]


def test_a_repair_is_no_longer_than_stock_makes_a_packet() -> None:
    upstream.fit()
    packets = Vp8Encoder._packetize(bytes(20_000), 1)
    longest = max(map(len, packets))
    assert longest == PAYLOAD_BYTES
    repaired = repairable(bytes((VERSION, 97)) + bytes(10) + bytes(longest))
    assert repaired is not None
    [made] = repairs_of([repaired], 1)
    assert len(told(Repair(7, 8, 1, 0, 9, made))) == STOCK_PAYLOAD_BYTES


def test_a_repair_is_read_as_it_was_told() -> None:
    repair = Repair(7, 65_535, 9, 3, 0, b"bytes")
    assert read(HEAD + told(repair)) == repair


def test_a_packet_comes_back_as_it_was_but_for_its_extensions() -> None:
    whole = bytes((VERSION, 0x80 | 97, 1, 2, 0, 0, 0, 9, 0, 0, 0, 7)) + b"payload"
    repaired = repairable(whole)
    assert repaired is not None
    assert packet_of(repaired + b"\0\0\0", 7, 0x0102, 9) == whole
    assert repairable(whole[:12]) is None
    assert repairable(bytes((VERSION | 0x20,)) + whole[1:]) is None


@pytest.mark.parametrize("seed", range(3))
def test_cut_or_random_it_is_refused_or_bounded(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(20_000):
        data = HEAD + dice.randbytes(dice.randrange(24))
        try:
            found = read(data)
        except ValueError:
            continue
        assert 0 < found.packets <= 48
        assert found.place < 16
    for _ in range(20_000):
        try:
            made = packet_of(dice.randbytes(dice.randrange(12)), 7, 8, 9)
        except ValueError:
            continue
        assert 12 < len(made) <= 12 + 12 - PACKET_HEAD.size
