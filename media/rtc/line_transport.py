"""The transport of a link, with one place where all that leaves and all that comes passes by."""

from typing import Protocol

import aiortc.rtcpeerconnection
from aiortc.rtcdtlstransport import RTCCertificate
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtp import is_rtcp

from media.rtc.dtls_flights import FlightDtlsTransport
from media.rtc.sent_once import SentOnce


class Passage(Protocol):
    """What stands at that place."""

    async def leaves(self, data: bytes) -> None:
        """A packet, RTP or RTCP, not yet protected; `send_now` sends it."""
        ...

    def came(self, data: bytes, at: float) -> list[bytes]:
        """An RTP packet, its protection taken off; what stock is to see of it, or by it.

        `at` is the loop time at which it was here.
        """
        ...

    def told(self, data: bytes) -> bytes:
        """RTCP that came; what is left of it for stock."""
        ...


class LineTransport(FlightDtlsTransport):
    """`passage` None: like its base."""

    def __init__(self, transport: RTCIceTransport, certificates: list[RTCCertificate]) -> None:
        super().__init__(transport, certificates)
        self.passage: Passage | None = None
        self._once = SentOnce()

    async def send_now(self, data: bytes) -> None:
        """ConnectionError when the connection is not there (any more)."""
        await super()._send_rtp(data)

    async def _send_rtp(self, data: bytes) -> None:
        if not is_rtcp(data) and not self._once.is_new(data):
            return
        if self.passage is None:
            await super()._send_rtp(data)
        else:
            await self.passage.leaves(data)

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        packets = [data] if self.passage is None else self.passage.came(data, self.came_at)
        for each in packets:
            await super()._handle_rtp_data(each, arrival_time_ms)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        left = data if self.passage is None else self.passage.told(data)
        if left:
            await super()._handle_rtcp_data(left)


def install() -> None:
    """After the flights, whose place it takes."""
    vars(aiortc.rtcpeerconnection)["RTCDtlsTransport"] = LineTransport
