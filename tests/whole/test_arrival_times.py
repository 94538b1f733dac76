"""A packet's time is the kernel's, however late it is read: over real sockets."""

import asyncio
import itertools
import socket
import time
from collections.abc import Callable
from typing import Any

import aioice.ice
import pytest

from media.rtc import upstream
from media.rtc.arrival_times import TimedPacket, TimedProtocol, came_at

APART_S = 0.02
CANDIDATE = aioice.Candidate("1", 1, "udp", 1, "127.0.0.1", 1, "host")


class Receiver:
    def __init__(self, wanted: int) -> None:
        self.came: list[tuple[bytes, float]] = []
        self.is_done = asyncio.Event()
        self._wanted = wanted

    def data_received(self, data: bytes, component: int) -> None:
        self.came.append((data, came_at(data, asyncio.get_running_loop().time())))
        if len(self.came) == self._wanted:
            self.is_done.set()


def send_slowly(packets: list[bytes], to: Any, clock: Callable[[], float]) -> list[float]:
    """Holds whoever calls it; when each was sent."""
    sent_at = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        for packet in packets:
            sent_at.append(clock())
            far.sendto(packet, to)
            time.sleep(APART_S)
    return sent_at


async def read_late(packets: list[bytes]) -> tuple[list[tuple[bytes, float]], list[float]]:
    """Sent one after the other while nobody reads; what came and when, and when it was sent."""
    loop = asyncio.get_running_loop()
    receiver: Any = Receiver(len(packets))
    protocol: Any
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: TimedProtocol(receiver), local_addr=("127.0.0.1", 0)
    )
    protocol.local_candidate = CANDIDATE
    sent_at = send_slowly(packets, transport.get_extra_info("sockname"), loop.time)
    async with asyncio.timeout(2):
        await receiver.is_done.wait()
    transport.close()
    return receiver.came, sent_at


async def test_packets_keep_the_time_at_which_they_came() -> None:
    packets = [bytes([128, 96, number]) for number in range(10)]
    came, sent_at = await read_late(packets)
    assert [data for data, _ in came] == packets
    late = [at - sent for (_, at), sent in zip(came, sent_at, strict=True)]
    assert max(late) < APART_S / 2, late
    assert all(later > earlier for (_, earlier), (_, later) in itertools.pairwise(came))


async def test_what_is_no_media_packet_is_as_stock_has_it() -> None:
    came, _ = await read_late([b"\x16 a handshake's"])
    assert type(came[0][0]) is bytes


async def test_without_a_socket_of_its_own_the_time_is_that_of_reading() -> None:
    receiver: Any = Receiver(1)
    relayed = TimedProtocol(receiver)
    relayed.local_candidate = CANDIDATE

    class OverARelay(asyncio.DatagramTransport):
        pass

    relayed.connection_made(OverARelay())
    relayed.datagram_received(bytes([128, 0]), ("127.0.0.1", 1))
    ((data, at),) = receiver.came
    assert isinstance(data, TimedPacket)
    assert at == pytest.approx(asyncio.get_running_loop().time(), abs=0.1)


def test_a_clock_that_was_set_meanwhile_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def came() -> float:
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 3600)
        ((_, at),) = (await read_late([bytes([128, 0])]))[0]
        return at - asyncio.get_running_loop().time()

    assert asyncio.run(came()) == pytest.approx(0.0, abs=0.5)


def test_every_connection_has_it() -> None:
    upstream.fit()
    assert vars(aioice.ice)["StunProtocol"] is TimedProtocol
