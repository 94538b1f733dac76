"""DTLS handshakes that survive loss: each flight is sent again every 150 ms, and copied ahead.

OpenSSL waits 1, 2, 4 s and cannot be told otherwise, and the server's last flight has no timer at
all. A datagram sent twice is harmless: its records carry their numbers.
"""

import asyncio
from collections.abc import Callable
from operator import itemgetter

import aiortc.rtcpeerconnection
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from OpenSSL import SSL

from app.runtime.tasks import TaskOwner
from media.rtc.arrival_times import came_at
from media.rtc.strange_packets import UNREADABLE, StrangePackets

RESEND_EVERY_S = 0.15
RESEND_FOR_S = 30.0
ANSWER_APART_S = 0.05
COPIES_AFTER_S = (0.03, 0.1, 0.25)
COPIES_FOR_S = 8.0
COPIED_DATAGRAMS = 64  # a long transfer in the first seconds is not sent four times
DATAGRAM_BYTES = 1400
TICK_S = 0.01
OVER = ("closed", "failed")
GAP_S = 0.8  # a silence after which old pictures are not waited for
CHANGE_CIPHER, HANDSHAKE, APPLICATION = 20, 22, 23
RECORD_HEADER_BYTES = 13


class FlightDtlsTransport(RTCDtlsTransport):
    """Stock, with the last flight remembered.

    Loop times of what last came in: `heard_at`, when it was read; `came_at`, when it was here.
    """

    def __init__(self, transport: RTCIceTransport, certificates: list[RTCCertificate]) -> None:
        super().__init__(transport, certificates)
        self.heard_at = self.came_at = -1e9
        self._flight: list[bytes] = []
        self._flight_sent_at = 0.0
        self.when_heard_again: Callable[[], None] | None = None
        self._is_far_done = False  # the far side has our last flight: it sends what needs keys
        self._now = asyncio.get_running_loop().time
        self._started_at = self._now()
        self._copied = 0
        self._copies: list[tuple[float, bytes]] = []  # when due, soonest first
        self.is_impostor = False  # the certificate is not the one that was described
        self._is_stopped = False
        self._resending = TaskOwner("dtls flights")
        self._strange = StrangePackets("media packets")
        self._stock_recv = transport._recv
        transport._recv = self._heard

    async def start(self, remoteParameters: RTCDtlsParameters) -> None:
        self._started_at = self._now()
        if not self._is_stopped:
            self._resending.start(self._resend(), "resend")
        await super().start(remoteParameters)

    def _validate_peer_identity(self, remoteParameters: RTCDtlsParameters) -> None:
        self.is_impostor = True  # before stock says that it failed
        super()._validate_peer_identity(remoteParameters)
        self.is_impostor = self.state == "failed"

    async def stop(self) -> None:
        self._is_stopped = True
        await self._resending.close()
        await super().stop()

    async def _heard(self) -> bytes:
        data = b""
        while not data:  # an empty datagram, which anybody may send, would end stock's reading
            data = await self._stock_recv()
        silent_s, self.heard_at = self._now() - self.heard_at, self._now()
        self.came_at = came_at(data, self.heard_at)
        if silent_s > GAP_S and self.when_heard_again is not None:
            self.when_heard_again()  # before the packet is looked at
        if data[0] == APPLICATION or 127 < data[0] < 192:
            self._is_far_done = True
        elif (
            data[0] == HANDSHAKE
            and self.encrypted
            and self._role == "server"
            and self.heard_at - self._flight_sent_at >= ANSWER_APART_S
        ):
            await self._send_flight()  # the client has not heard our last flight
        return data

    async def _handle_rtcp_data(self, data: bytes) -> None:
        try:
            await super()._handle_rtcp_data(data)
        except UNREADABLE:
            self._strange.drop()

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        try:
            await super()._handle_rtp_data(data, arrival_time_ms)
        except UNREADABLE:
            self._strange.drop()

    async def _write_ssl(self) -> None:
        datagrams = datagrams_of(self._waiting_bytes())
        flight = [each for each in datagrams if each[0] in (CHANGE_CIPHER, HANDSHAKE)]
        if flight:
            self._flight, self._flight_sent_at = flight, self._now()
        for datagram in datagrams:
            await self._send_counted(datagram)
            self._copy(datagram)

    def _waiting_bytes(self) -> bytes:
        waiting = b""
        assert self._ssl is not None
        while True:
            try:
                waiting += self._ssl.bio_read(65536)
            except SSL.Error:
                return waiting

    async def _send_counted(self, datagram: bytes) -> None:
        await self.transport._send(datagram)
        mine = self.__dict__
        mine["_RTCDtlsTransport__tx_bytes"] += len(datagram)
        mine["_RTCDtlsTransport__tx_packets"] += 1

    def _copy(self, datagram: bytes) -> None:
        now = self._now()
        is_worth_it = datagram[0] in (CHANGE_CIPHER, HANDSHAKE, APPLICATION)
        is_early = now - self._started_at < COPIES_FOR_S
        if is_worth_it and is_early and self._copied < COPIED_DATAGRAMS:
            self._copied += 1
            self._copies.extend((now + after_s, datagram) for after_s in COPIES_AFTER_S)
            self._copies.sort(key=itemgetter(0))

    async def _resend(self) -> None:
        """Copies when due, the flight when not answered; ends when neither can come any more."""
        while self._now() - self._started_at < RESEND_FOR_S and self.state not in OVER:
            now = self._now()
            while self._copies and self._copies[0][0] <= now:
                await self._send_quietly(self._copies.pop(0)[1])
            if self._flight and not self._is_settled and now >= self._flight_due_at:
                await self._send_flight()
            if self._is_settled and not self._copies and now - self._started_at > COPIES_FOR_S:
                return
            await asyncio.sleep(TICK_S)

    @property
    def _flight_due_at(self) -> float:
        return self._flight_sent_at + RESEND_EVERY_S

    @property
    def _is_settled(self) -> bool:
        return self._is_far_done if self._role == "server" else self.encrypted

    async def _send_flight(self) -> None:
        self._flight_sent_at = self._now()
        for datagram in self._flight:
            await self._send_quietly(datagram)

    async def _send_quietly(self, datagram: bytes) -> None:
        try:
            await self.transport._send(datagram)
        except ConnectionError:
            pass  # the path is gone: stock notices by itself


def datagrams_of(data: bytes) -> list[bytes]:
    """Whole DTLS 1.2 records packed into datagrams; what is not such a record goes as it is."""
    datagrams: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + RECORD_HEADER_BYTES + int.from_bytes(data[at + 11 : at + 13], "big")
        if not CHANGE_CIPHER <= data[at] <= APPLICATION or end > len(data):
            end = len(data)
        record = data[at:end]
        if datagrams and len(datagrams[-1]) + len(record) <= DATAGRAM_BYTES:
            datagrams[-1] += record
        else:
            datagrams.append(record)
        at = end
    return datagrams


def install() -> None:
    vars(aiortc.rtcpeerconnection)["RTCDtlsTransport"] = FlightDtlsTransport
