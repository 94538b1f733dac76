"""Stock's senders of pictures, as the control of the line needs them: whose a packet is, what is
kept for repeats, padding, what the far side asks and reports. Any number of them.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiortc import RTCPeerConnection, RTCRtpSender
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)
from aiortc.utils import uint16_add

from media.rtc.rtp_mends import SENT_REMEMBERED
from media.rtc.transport_numbers import NumberedPacket

PADDING_BYTES = 255  # as much as its one length byte can say
MOST_ASKED = 512  # of one request
INSIDE = "_RTCRtpSender__"


class Ends(NamedTuple):
    """Whose a packet is."""

    sender: RTCRtpSender
    is_repeat: bool


class PictureSenders:
    def __init__(
        self,
        connection: RTCPeerConnection,
        *,
        may_repeat: Callable[[int, int, int], bool],
        on_report: Callable[[float, float | None], None],
        on_estimate: Callable[[float], None],
    ) -> None:
        """`may_repeat(source, number, payload bytes)`; `on_report(loss share, round trip)`;
        `on_estimate(bit/s)`: what a stock far side says instead of transport-wide feedback.
        """
        self._connection = connection
        self._may_repeat = may_repeat
        self._on_report = on_report
        self._on_estimate = on_estimate
        self._by_source: dict[int, Ends | None] = {}
        self._seen: list[RTCRtpSender] = []

    def of(self, source: int) -> Ends | None:
        """None: not a picture. Senders may be added while the connection lives."""
        if source not in self._by_source:
            self._look()
            self._by_source.setdefault(source, None)
        return self._by_source[source]

    def of_media(self, source: int) -> RTCRtpSender | None:
        ends = self._by_source.get(source)
        return ends.sender if ends is not None else None

    def _look(self) -> None:
        for sender in self._connection.getSenders():
            if sender.kind == "video" and sender not in self._seen:
                self._seen.append(sender)
                self._by_source[sender._ssrc] = Ends(sender, is_repeat=False)
                self._by_source[sender._rtx_ssrc] = Ends(sender, is_repeat=True)
                vars(sender)["_handle_rtcp_packet"] = self._heard_by(sender)

    def watch(self) -> None:
        """Before anything leaves: what is asked of the senders passes by here from now on."""
        self._look()

    def tell_stock_encoders(self, bit_s: int) -> None:
        """Ours asks for its budget itself; stock's has a target instead."""
        for sender in self._seen:
            encoder = vars(sender)[INSIDE + "encoder"]
            if hasattr(encoder, "target_bitrate"):
                encoder.target_bitrate = bit_s

    def padding(self) -> bytes | None:
        """A packet that holds nothing, in the row of the repeats; None where none were agreed on.

        Receivers take its number and time and look no further (RFC 4588 knows no empty repeat).
        """
        for sender in self._seen:
            inside = vars(sender)
            if inside[INSIDE + "rtx_payload_type"] is None:
                continue
            packet = NumberedPacket(
                payload_type=inside[INSIDE + "rtx_payload_type"],
                sequence_number=inside[INSIDE + "rtx_sequence_number"],
                timestamp=inside[INSIDE + "rtp_timestamp"],
                ssrc=sender._rtx_ssrc,
            )
            packet.padding_size = PADDING_BYTES
            packet.extensions.mid = inside[INSIDE + "mid"]
            packet.extensions.abs_send_time = 0
            number = uint16_add(packet.sequence_number, 1)
            inside[INSIDE + "rtx_sequence_number"] = number
            return packet.serialize(inside[INSIDE + "rtp_header_extensions_map"])
        return None

    def _heard_by(self, sender: RTCRtpSender) -> Callable[[AnyRtcpPacket], Awaitable[None]]:
        stock = sender._handle_rtcp_packet

        async def heard(packet: AnyRtcpPacket) -> None:
            match packet:
                case RtcpRtpfbPacket() if packet.fmt == RTCP_RTPFB_NACK:
                    await self._repeat(sender, packet.lost)
                    return
                case RtcpPsfbPacket() if packet.fmt == RTCP_PSFB_APP:
                    self._estimated(packet.fci)
                    return  # stock would set its encoder by it
            await stock(packet)
            if isinstance(packet, RtcpRrPacket | RtcpSrPacket):
                for report in packet.reports:
                    if report.ssrc == sender._ssrc:
                        round_trip_s = vars(sender)[INSIDE + "rtt"]
                        self._on_report(report.fraction_lost / 256, round_trip_s)

        return heard

    async def _repeat(self, sender: RTCRtpSender, numbers: list[int]) -> None:
        kept: dict[int, RtpPacket] = vars(sender)[INSIDE + "rtp_history"]
        for number in numbers[:MOST_ASKED]:
            packet = kept.get(number % SENT_REMEMBERED)
            if packet is None or packet.sequence_number != number:
                continue
            if self._may_repeat(sender._ssrc, number, len(packet.payload)):
                await sender._retransmit(number)

    def _estimated(self, fci: bytes) -> None:
        try:
            bit_s, _ = unpack_remb_fci(fci)
        except ValueError:
            return
        self._on_estimate(float(bit_s))
