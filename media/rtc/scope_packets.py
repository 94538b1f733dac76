"""Packets of body sounds beside voice and picture: at once, perhaps lost, counted like the voice.

They go as RTP under a number that no codec has, so that the line's control numbers them, takes them
off the picture's share and hears from the far side what of them came. Nobody repeats them here.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from typing import Any

from aiortc.rtcrtpparameters import RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtp import RtpPacket

from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from media.rtc import upstream
from media.rtc.packet_numbers import NUMBERS
from media.rtc.peer_link import PeerLink
from media.rtc.transport_numbers import NumberedPacket

log = logging.getLogger(__name__)

PAYLOAD_TYPE = 127  # upstream gives its codecs numbers from 96 upwards
CLOCK_HZ = 1000
WAITING_MOST = 256


class ScopePackets:
    """Of one link that is up. `on_packet` gets what comes, on the loop."""

    def __init__(self, link: PeerLink, on_packet: Callable[[bytes], None]) -> None:
        self.link = link
        self._transport = upstream.transport_of(link._pc)
        self._on_packet = on_packet
        self._now = asyncio.get_running_loop().time
        self._source = secrets.randbits(32)
        self._number = secrets.randbits(15)
        self._waiting: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self.dropped = 0
        self._tasks = TaskOwner("scope packets")
        self._tasks.start_lasting(self._pump, "pump")
        codec = RTCRtpCodecParameters("audio/x-scope", CLOCK_HZ, payloadType=PAYLOAD_TYPE)
        # The extensions are those that the media agreed on: this asks for none and changes none.
        self._transport._register_rtp_receiver(self, RTCRtpReceiveParameters(codecs=[codec]))

    async def close(self) -> None:
        self._transport._unregister_rtp_receiver(self)
        await self._tasks.close()

    def send(self, data: bytes) -> None:
        """Never waits; where the transport does not keep up the oldest gives way."""
        if len(self._waiting) >= WAITING_MOST:
            self._waiting.popleft()
            self.dropped += 1
            if self.dropped.bit_count() == 1:
                log.warning("packets of body sound dropped: %d (%s)", self.dropped, Code.OVERRUN)
        self._waiting.append(data)
        self._wake.set()

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                try:
                    await self._transport._send_rtp(self._packet(self._waiting.popleft()))
                except ConnectionError:
                    pass  # the path is gone: the link tells, and what is lost is sent again

    def _packet(self, data: bytes) -> bytes:
        self._number = (self._number + 1) % NUMBERS
        packet = NumberedPacket(
            payload_type=PAYLOAD_TYPE,
            sequence_number=self._number,
            timestamp=int(self._now() * CLOCK_HZ) & 0xFFFFFFFF,
            ssrc=self._source,
            payload=data,
        )
        return packet.serialize(self._transport._rtp_header_extensions_map)

    # --- what upstream's router asks of a receiver ---------------------------------------------

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        self._on_packet(packet.payload)

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        """Nobody reports on them: the line's own feedback does."""

    def _handle_disconnect(self) -> None:
        """The link tells."""
