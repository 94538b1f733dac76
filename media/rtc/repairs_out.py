"""What leaves of our pictures, in rows, and behind each row its repairs."""

from dataclasses import dataclass, field

from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.utils import uint16_add

from media.quality.repair_code import repairs_of
from media.quality.repair_rule import RepairRule
from media.rtc.repair_packets import MARKER, Repair, Types, repairable, told, types_of
from media.rtc.transport_numbers import NumberedPacket

LONGEST_ROW = 24  # packets: of a large picture each part is repaired as soon as it has left
INSIDE = "_RTCRtpSender__"


@dataclass(slots=True)
class _Row:
    first: int = 0
    time: int = -1
    packets: list[bytes] = field(default_factory=list)


class RepairsOut:
    """Of one connection; told each packet of a picture that leaves, in their order."""

    def __init__(self, connection: RTCPeerConnection) -> None:
        self._connection = connection
        self._rule = RepairRule()
        self._rows: dict[int, _Row] = {}  # by our own source: few
        self._types: Types | None = None

    def loses(self, share: float | None, now_s: float) -> None:
        self._rule.loses(share, now_s)

    def after(
        self, sender: RTCRtpSender, data: bytes, round_trip_s: float | None, line_bit_s: float
    ) -> list[bytes]:
        """The repairs that leave right behind this packet, not yet protected; mostly none."""
        self._types = self._types or types_of(self._connection)
        packet = repairable(data)
        if self._types is None or packet is None:
            return []
        row = self._rows.setdefault(sender._ssrc, _Row())
        number, time = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:8], "big")
        if row.time != time or number != row.first + len(row.packets) & 0xFFFF:
            row.first, row.time, row.packets = number, time, []
        row.packets.append(packet)
        if not (data[1] & MARKER or len(row.packets) == LONGEST_ROW):
            return []
        count = self._rule.repairs(len(row.packets), round_trip_s, line_bit_s)
        made = repairs_of(row.packets, count) if count else []
        repairs = [
            Repair(sender._ssrc, row.first, len(row.packets), place, time, each)
            for place, each in enumerate(made)
        ]
        row.first, row.packets = number + 1 & 0xFFFF, []
        return [self._packet(sender, repair, self._types.repair) for repair in repairs]

    @staticmethod
    def _packet(sender: RTCRtpSender, repair: Repair, payload_type: int) -> bytes:
        inside = vars(sender)
        number = inside[INSIDE + "rtx_sequence_number"]
        packet = NumberedPacket(
            payload_type=payload_type,
            sequence_number=number,
            timestamp=repair.time,
            ssrc=sender._rtx_ssrc,
            payload=told(repair),
        )
        packet.extensions.mid = inside[INSIDE + "mid"]
        packet.extensions.abs_send_time = 0
        inside[INSIDE + "rtx_sequence_number"] = uint16_add(number, 1)
        return packet.serialize(inside[INSIDE + "rtp_header_extensions_map"])
