"""Repairs of a picture's packets on the wire, and as a codec of ours in the description, which a
browser leaves out of its answer.

A packet is one repair of a row (media/quality/repair_code.py); it has a repeat's source and numbers
and the picture's time. What is repaired of each packet is its payload behind `PACKET_HEAD`.
"""

import struct
from typing import NamedTuple

from aiortc import RTCPeerConnection
from aiortc.codecs import CODECS, vpx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from media.quality.repair_code import MOST_PACKETS, MOST_REPAIRS
from media.rtc.header_extensions import payload_at

REPAIR, REPAIR_TYPE = "video/x-bedside-repair", 62
PICTURES = ("video/vp8", "video/h264")
HEAD = struct.Struct("!IHBB")  # source, the row's first number, its packets, place of the repair
PACKET_HEAD = struct.Struct("!BH")  # marker and payload type as in RTP, length of the payload
RTP_HEAD = struct.Struct("!BBHII")
VERSION, HAS_PADDING, TYPE, MARKER = 0x80, 0x20, 0x7F, 0x80
STOCK_PAYLOAD_BYTES = (
    1300  # the most of a picture's packet; where that just fits, a repair must, too
)
PAYLOAD_BYTES = STOCK_PAYLOAD_BYTES - HEAD.size - PACKET_HEAD.size


class Types(NamedTuple):
    """Payload types, as both sides agreed."""

    picture: int
    repair: int


class Repair(NamedTuple):
    source: int
    first: int  # number of the row's first packet, 16 bit
    packets: int
    place: int  # among the repairs of the row
    time: int  # of RTP, of the picture
    data: bytes


def types_of(connection: RTCPeerConnection) -> Types | None:
    """None: the far side knows no repairs, or has not said."""
    for transceiver in connection.getTransceivers():
        codecs = transceiver._codecs
        picture = next((one for one in codecs if one.mimeType.lower() in PICTURES), None)
        repair = next((one for one in codecs if one.mimeType.lower() == REPAIR), None)
        if picture is None or repair is None:
            continue
        if picture.payloadType is not None and repair.payloadType is not None:
            return Types(picture.payloadType, repair.payloadType)
    return None


def told(repair: Repair) -> bytes:
    """The payload of its packet."""
    return HEAD.pack(*repair[:4]) + repair.data


def read(packet: bytes) -> Repair:
    """Of a whole RTP packet; ValueError for what is none."""
    at = payload_at(packet)
    if len(packet) <= at + HEAD.size:
        raise ValueError("a repair is cut short")
    source, first, packets, place = HEAD.unpack_from(packet, at)
    if not 0 < packets <= MOST_PACKETS or place >= MOST_REPAIRS:
        raise ValueError("no place in a row")
    time = int.from_bytes(packet[4:8], "big")
    return Repair(source, first, packets, place, time, packet[at + HEAD.size :])


def repairable(packet: bytes) -> bytes | None:
    """What is repaired of an RTP packet; None: it has nothing that could be."""
    at = payload_at(packet)
    if packet[0] & HAS_PADDING or len(packet) <= at:
        return None
    return PACKET_HEAD.pack(packet[1], len(packet) - at) + packet[at:]


def packet_of(repaired: bytes, source: int, number: int, time: int) -> bytes:
    """The RTP packet again, without its extensions; ValueError when the bytes say nonsense."""
    if len(repaired) < PACKET_HEAD.size:
        raise ValueError("shorter than its head")
    kind, length = PACKET_HEAD.unpack_from(repaired)
    payload = repaired[PACKET_HEAD.size : PACKET_HEAD.size + length]
    if not length or len(payload) < length:
        raise ValueError("longer than what repaired it")
    return RTP_HEAD.pack(VERSION, kind, number, time, source) + payload


def install() -> None:
    """Offered behind what a picture may be sent as; nothing is ever encoded as it. Packets of a
    picture are shorter by what a repair of them is longer.
    """
    vars(vpx)["PACKET_MAX"] = PAYLOAD_BYTES
    if all(codec.mimeType != REPAIR for codec in CODECS["video"]):
        CODECS["video"].append(
            RTCRtpCodecParameters(REPAIR, clockRate=90_000, payloadType=REPAIR_TYPE)
        )
