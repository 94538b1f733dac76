"""No number of a source is protected twice: under AES-GCM the second packet would give the key of
the authentication away."""

from typing import Any

from aiortc.rtp import RtcpByePacket, RtpPacket

from app.runtime.tasks import TaskOwner
from media.rtc.line_transport import LineTransport
from media.rtc.sent_once import SentOnce
from tests.fakes.virtual_time import run
from tests.unit.media.rtc.test_dtls_flights import Ends


def packet(number: int, source: int = 7) -> bytes:
    made = RtpPacket(payload_type=96, sequence_number=number, timestamp=1, ssrc=source)
    made.payload = b"a picture"
    return made.serialize()


def test_what_left_before_does_not_leave_again() -> None:
    once = SentOnce()
    numbers = [65_534, 65_535, 0, 1]
    assert [once.is_new(packet(number)) for number in numbers] == [True] * 4
    assert [once.is_new(packet(number)) for number in numbers] == [False] * 4
    assert once.is_new(packet(65_534, source=8))
    assert once.is_new(packet(400))  # what was thrown away in between is never sent
    assert not once.is_new(packet(300))


class Numbers:
    """A passage that writes a new header into each packet, as the control of the line does."""

    def __init__(self, transport: LineTransport) -> None:
        self._transport = transport
        self._number = 0

    async def leaves(self, data: bytes) -> None:
        self._number += 1
        await self._transport.send_now(data[:7] + bytes([self._number]) + data[8:])

    def came(self, data: bytes) -> None: ...

    def told(self, data: bytes) -> bytes:
        return data


def test_a_packet_sent_again_by_stock_is_not_protected_again() -> None:
    async def story() -> list[bytes]:
        async with TaskOwner("test") as tasks:
            ends = Ends(LineTransport)
            assert -1 not in await ends.shake(10.0, tasks)
            client: Any = ends.client
            protected: list[bytes] = []
            session = client._tx_srtp
            client._tx_srtp = Recorder(session, protected)
            for passage in (Numbers(client), None):
                client.passage = passage
                for number in (5, 5, 6, 5):
                    await client._send_rtp(packet(number + 10 * (passage is None)))
            await client._send_rtp(bytes(RtcpByePacket(sources=[1])))
            for end in ends.ends:
                await end.stop()
            return protected

    protected = run(story())
    assert [int.from_bytes(data[2:4], "big") for data in protected] == [5, 6, 15, 16]


class Recorder:
    """The keys, and what they protected."""

    def __init__(self, session: Any, protected: list[bytes]) -> None:
        self._session = session
        self._protected = protected

    def protect(self, data: bytes) -> bytes:
        self._protected.append(data)
        return bytes(self._session.protect(data))

    def protect_rtcp(self, data: bytes) -> bytes:
        return bytes(self._session.protect_rtcp(data))
