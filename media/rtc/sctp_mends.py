"""Data channels that open under loss: SCTP timers in proportion, and stock bugs mended.

A re-sent INIT carries the tag 0 (stock puts the peer's tag in and is dropped for ever), a late copy
of the INIT does not reset what was received, and a far side that sends more than it was allowed
loses the association instead of filling our memory.
"""

import contextlib
import logging

import aiortc.rtcpeerconnection
import aiortc.rtcsctptransport as stock
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import (
    WEBRTC_DCEP,
    Chunk,
    DataChunk,
    InitChunk,
    RTCSctpTransport,
    serialize_packet,
)

from app.domain.failures import Code
from media.rtc.strange_packets import UNREADABLE, StrangePackets

log = logging.getLogger(__name__)

SCTP_PORT = 5000
RTO_INITIAL_S = 0.25
RTO_MIN_S = 0.2
MAX_INIT_RETRANS = 80
MAX_ASSOCIATION_RETRANS = 60
STREAMS = 2  # control and scope, negotiated; the far side opens no further ones
CHUNKS_WAITING_MOST = 4096  # of messages that are not whole yet; the window holds some 900


class MendedSctpTransport(RTCSctpTransport):
    """Stock, but for INIT and for what comes beyond the window."""

    _has_overrun = False

    def __init__(self, transport: RTCDtlsTransport, port: int = SCTP_PORT) -> None:
        super().__init__(transport, port)
        self._strange = StrangePackets("channel packets")

    async def _handle_data(self, data: bytes) -> None:
        try:
            await super()._handle_data(data)
        except UNREADABLE:
            self._strange.drop()

    async def _send_chunk(self, chunk: Chunk) -> None:
        if not isinstance(chunk, InitChunk):
            await super()._send_chunk(chunk)
            return
        assert self._remote_port is not None
        await self.transport._send_data(
            serialize_packet(self._local_port, self._remote_port, 0, chunk)
        )

    async def _transmit(self) -> None:
        """Stock's timer leaves this to a task nobody looks at. Without a path nothing is sent."""
        with contextlib.suppress(ConnectionError):
            await super()._transmit()

    async def _receive_chunk(self, chunk: Chunk) -> None:
        if self._has_overrun:
            return
        if (
            isinstance(chunk, InitChunk)
            and self._association_state is self.State.ESTABLISHED
            and chunk.initiate_tag == self._remote_verification_tag
        ):
            return
        await super()._receive_chunk(chunk)

    async def _receive_data_chunk(self, chunk: DataChunk) -> None:
        if chunk.stream_id >= STREAMS or chunk.protocol == WEBRTC_DCEP:
            self._sack_needed = True
            self._mark_received(chunk.tsn)
        else:
            await super()._receive_data_chunk(chunk)
        if self._advertised_rwnd < 0 or self._waits_for_too_much:
            log.warning("the far side sends more than it may (%s)", Code.OVERRUN)
            self._has_overrun = True
            self._inbound_streams.clear()
            await self._abort()
            self._set_state(self.State.CLOSED)

    @property
    def _waits_for_too_much(self) -> bool:
        in_parts = sum(len(stream.reassembly) for stream in self._inbound_streams.values())
        return max(in_parts, len(self._sack_misordered)) > CHUNKS_WAITING_MOST


def install() -> None:
    """Before any connection is made: the timers are read when a transport is constructed."""
    stock.SCTP_RTO_INITIAL = RTO_INITIAL_S
    stock.SCTP_RTO_MIN = RTO_MIN_S  # type: ignore[assignment]  # stock wrote 1
    stock.SCTP_MAX_INIT_RETRANS = MAX_INIT_RETRANS
    stock.SCTP_MAX_ASSOCIATION_RETRANS = MAX_ASSOCIATION_RETRANS
    vars(aiortc.rtcpeerconnection)["RTCSctpTransport"] = MendedSctpTransport
