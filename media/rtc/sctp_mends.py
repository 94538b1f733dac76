"""Data channels that open under loss: SCTP timers in proportion, and two stock bugs mended.

A re-sent INIT carries the tag 0 (stock puts the peer's tag in and is dropped for ever), and a late
copy of the INIT does not reset what was received.
"""

import aiortc.rtcpeerconnection
import aiortc.rtcsctptransport as stock
from aiortc.rtcsctptransport import Chunk, InitChunk, RTCSctpTransport, serialize_packet

RTO_INITIAL_S = 0.25
RTO_MIN_S = 0.2
MAX_INIT_RETRANS = 80
MAX_ASSOCIATION_RETRANS = 60


class MendedSctpTransport(RTCSctpTransport):
    """Stock, but for INIT."""

    async def _send_chunk(self, chunk: Chunk) -> None:
        if not isinstance(chunk, InitChunk):
            await super()._send_chunk(chunk)
            return
        assert self._remote_port is not None
        await self.transport._send_data(
            serialize_packet(self._local_port, self._remote_port, 0, chunk)
        )

    async def _receive_chunk(self, chunk: Chunk) -> None:
        if (
            isinstance(chunk, InitChunk)
            and self._association_state is self.State.ESTABLISHED
            and chunk.initiate_tag == self._remote_verification_tag
        ):
            return
        await super()._receive_chunk(chunk)


def install() -> None:
    """Before any connection is made: the timers are read when a transport is constructed."""
    stock.SCTP_RTO_INITIAL = RTO_INITIAL_S
    stock.SCTP_RTO_MIN = RTO_MIN_S  # type: ignore[assignment]  # stock wrote 1
    stock.SCTP_MAX_INIT_RETRANS = MAX_INIT_RETRANS
    stock.SCTP_MAX_ASSOCIATION_RETRANS = MAX_ASSOCIATION_RETRANS
    vars(aiortc.rtcpeerconnection)["RTCSctpTransport"] = MendedSctpTransport
