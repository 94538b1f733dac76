"""Rows of a picture over a line that loses: made again at the far side, and rubbish is dropped."""

import random
from types import SimpleNamespace
from typing import cast

import pytest
from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

from media.rtc.repair_packets import HEAD, PICTURES, REPAIR, REPAIR_TYPE
from media.rtc.repairs_in import MOST_PACKETS, MOST_ROWS, MOST_SOURCES, RepairsIn
from media.rtc.repairs_out import RepairsOut

PICTURE_TYPE, SOURCE, REPEATS = 97, 77, 78
CODECS = [
    SimpleNamespace(mimeType=PICTURES[0].upper(), payloadType=PICTURE_TYPE),
    SimpleNamespace(mimeType=REPAIR, payloadType=REPAIR_TYPE),
]


def connection(*, knows_repairs: bool = True) -> RTCPeerConnection:
    transceiver = SimpleNamespace(_codecs=CODECS if knows_repairs else CODECS[:1])
    return cast(RTCPeerConnection, SimpleNamespace(getTransceivers=lambda: [transceiver]))


def our_sender() -> RTCRtpSender:
    inside = {"rtx_sequence_number": 65_534, "mid": "1"}
    inside["rtp_header_extensions_map"] = HeaderExtensionsMap()
    sender = SimpleNamespace(_ssrc=SOURCE, _rtx_ssrc=REPEATS)
    vars(sender).update({f"_RTCRtpSender__{name}": each for name, each in inside.items()})
    return cast(RTCRtpSender, sender)


def picture(dice: random.Random, first: int, time: int, packets: int) -> list[bytes]:
    found = []
    for place in range(packets):
        packet = RtpPacket(
            payload_type=PICTURE_TYPE,
            marker=int(place == packets - 1),
            sequence_number=(first + place) & 0xFFFF,
            timestamp=time,
            ssrc=SOURCE,
            payload=dice.randbytes(dice.randint(20, 1200)),
        )
        found.append(packet.serialize(HeaderExtensionsMap()))
    return found


def rows_over(out: RepairsOut, packets: list[bytes]) -> list[bytes]:
    sender = our_sender()
    return [
        each
        for packet in packets
        for each in (packet, *out.after(sender, packet, round_trip_s=0.3, line_bit_s=2e6))
    ]


def lossy() -> RepairsOut:
    out = RepairsOut(connection())
    for second in range(20):
        out.loses(0.05, float(second))
    return out


def test_what_is_lost_is_made_again_as_it_was() -> None:
    dice, out, here = random.Random(4), lossy(), RepairsIn(connection())
    number, made, lost_in_all = 65_500, 0, 0
    for time in range(200):
        packets = picture(dice, number, time * 3000, dice.choice((1, 7, 30)))
        number = (number + len(packets)) & 0xFFFF
        seen: list[bytes] = []
        lost = 0
        for each in rows_over(out, packets):
            if dice.random() < 0.05:
                lost += each in packets
                continue
            seen += here.came(each)
        lost_in_all += lost
        made += len(set(seen) & set(packets)) == len(packets)
        assert set(seen) <= set(packets), "repairs themselves are not for stock"
    assert lost_in_all > 50
    assert made >= 199
    assert here.made_again > 50
    assert here.strange.dropped == 0


def test_repairs_that_come_before_their_packets_serve_them_as_well() -> None:
    dice, here = random.Random(5), RepairsIn(connection())
    packets = picture(dice, 10, 3000, 7)
    both = rows_over(lossy(), packets)
    late_first = [*both[7:], *both[:7]]
    lost = packets[5]
    seen = [made for each in late_first if each != lost for made in here.came(each)]
    assert set(seen) == set(packets)


def test_a_far_side_that_knows_none_gets_and_gives_none() -> None:
    packets = picture(random.Random(6), 10, 3000, 7)
    out = RepairsOut(connection(knows_repairs=False))
    out.loses(0.05, 0.0)
    assert rows_over(out, packets) == packets
    here = RepairsIn(connection(knows_repairs=False))
    assert [made for each in packets for made in here.came(each)] == packets


def test_a_picture_that_was_broken_off_is_no_row() -> None:
    dice, here = random.Random(7), RepairsIn(connection())
    broken, whole = picture(dice, 10, 3000, 7)[:4], picture(dice, 17, 6000, 7)
    both = rows_over(lossy(), [*broken, *whole])
    repairs = both[len(broken) + len(whole) :]
    assert repairs
    seen = [made for each in [*broken, *whole[1:], *repairs] for made in here.came(each)]
    assert sorted(seen) == sorted([*broken, *whole])


@pytest.mark.parametrize("seed", range(4))
def test_rubbish_is_bounded_and_never_a_crash(seed: int) -> None:
    dice, here = random.Random(seed), RepairsIn(connection())
    for _ in range(5000):
        kind = dice.choice((PICTURE_TYPE, REPAIR_TYPE))
        source = dice.choice((SOURCE, dice.getrandbits(32)))
        head = HEAD.pack(source, dice.randrange(64), dice.randrange(256), dice.randrange(20))
        body = dice.randbytes(dice.choice((0, 1, 5, 40)))
        payload = head + body if kind == REPAIR_TYPE else body
        payload = payload[: dice.choice((3, 9, 2000))]
        data = bytes((0x80, kind | dice.choice((0, 0x80)))) + dice.randbytes(1)
        data += bytes((dice.randrange(64),)) + bytes(4) + source.to_bytes(4, "big") + payload
        for made in here.came(data):
            assert len(made) >= 12
    assert here.strange.dropped > 100
    assert len(here._sources) <= MOST_SOURCES
    for each in here._sources.values():
        assert len(each.packets) <= MOST_PACKETS
        assert len(each.rows) <= MOST_ROWS
