"""The stock bugs of SCTP, provoked: with the mends the channel opens and nothing stands still.

The stock class is run through the same, so that the provocation is known to work.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import aiortc.rtcsctptransport as stock
import pytest
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcsctptransport import DataChunk, RTCSctpTransport

from app.runtime.tasks import TaskOwner
from media.rtc import upstream
from media.rtc.sctp_mends import CHUNKS_WAITING_MOST, MendedSctpTransport
from tests.fakes.virtual_time import run

upstream.fit()
INIT, INIT_ACK = 1, 2


class Wire:
    """What a DTLS transport is to SCTP; delivers on the next turn of the loop, unless told not."""

    def __init__(self, role: str, tasks: TaskOwner) -> None:
        self._role = role
        self._tasks = tasks
        self.state = "connected"
        self.far: Wire | None = None
        self.receiver: Any = None
        self.sent: list[bytes] = []
        self.vanishes: Callable[[bytes], bool] = lambda data: False
        self.is_gone = False

    def _register_data_receiver(self, receiver: Any) -> None:
        self.receiver = receiver

    def _unregister_data_receiver(self, receiver: Any) -> None:
        self.receiver = None

    async def _send_data(self, data: bytes) -> None:
        if self.is_gone:
            raise ConnectionError
        self.sent.append(data)
        assert self.far is not None
        if not self.vanishes(data):
            self._tasks.start(self.far.deliver(data), "deliver")

    async def deliver(self, data: bytes) -> None:
        await asyncio.sleep(0.001)
        if self.receiver is not None:
            await self.receiver._handle_data(data)


def kind_of(data: bytes) -> int:
    return data[12]


class Ends:
    def __init__(self, kind: type[RTCSctpTransport], tasks: TaskOwner) -> None:
        self.wires = [Wire("client", tasks), Wire("server", tasks)]
        self.wires[0].far, self.wires[1].far = self.wires[1], self.wires[0]
        self.ends: list[Any] = [kind(wire) for wire in self.wires]  # type: ignore[arg-type]  # a fake wire
        self.channels = [
            RTCDataChannel(end, RTCDataChannelParameters("control", negotiated=True, id=0))
            for end in self.ends
        ]

        self._opened = asyncio.Event()
        for channel in self.channels:
            channel.on("open", self._look)

    def _look(self) -> None:
        if all(channel.readyState == "open" for channel in self.channels):
            self._opened.set()

    async def start(self) -> None:
        for end in self.ends:
            await end.start(None, 5000)

    async def are_open(self, limit_s: float) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                await self._opened.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        for end in self.ends:
            await end.stop()


def lose_first(kind: int) -> Callable[[bytes], bool]:
    left = [1]

    def vanishes(data: bytes) -> bool:
        if kind_of(data) == kind and left[0]:
            left[0] -= 1
            return True
        return False

    return vanishes


async def both_init_acks_lost(kind: type[RTCSctpTransport], wait_s: float) -> tuple[bool, float]:
    """Open or not, and after how long."""
    loop = asyncio.get_running_loop()
    async with TaskOwner("wire") as tasks:
        ends = Ends(kind, tasks)
        for wire in ends.wires:
            wire.vanishes = lose_first(INIT_ACK)
        await ends.start()
        started = loop.time()
        answer = await ends.are_open(wait_s), loop.time() - started
        await ends.stop()
        return answer


def test_both_init_acks_lost_once_still_opens() -> None:
    is_open, after_s = run(both_init_acks_lost(MendedSctpTransport, 8))
    assert is_open
    assert after_s < 1.5


def test_stock_hangs_on_the_same() -> None:
    is_open, _ = run(both_init_acks_lost(RTCSctpTransport, 8))
    assert not is_open


async def late_init(kind: type[RTCSctpTransport]) -> int:
    """How many of 303 messages arrive when a copy of the first INIT comes after the third."""
    async with TaskOwner("wire") as tasks:
        ends = Ends(kind, tasks)
        await ends.start()
        assert await ends.are_open(1)
        init = next(data for data in ends.wires[0].sent if kind_of(data) == INIT)
        came: list[str] = []
        ends.channels[1].on("message", came.append)
        for number in range(303):
            ends.channels[0].send(f"{number} " + "x" * 900)
            if number == 3:
                await asyncio.sleep(0.1)
                await ends.wires[1].deliver(init)
        await asyncio.sleep(20)
        await ends.stop()
        assert [text.split()[0] for text in came] == [str(n) for n in range(len(came))]
        return len(came)


def test_a_late_copy_of_the_init_loses_nothing() -> None:
    assert run(late_init(MendedSctpTransport)) == 303


def test_stock_stands_still_on_the_same() -> None:
    assert run(late_init(RTCSctpTransport)) < 303


async def many_inits_lost() -> bool:
    async with TaskOwner("wire") as tasks:
        ends = Ends(MendedSctpTransport, tasks)
        for wire in ends.wires:
            wire.vanishes = lambda data: True
        await ends.start()
        await asyncio.sleep(4)  # 16 tries; stock closes after 8
        for wire in ends.wires:
            wire.vanishes = lambda data: False
        is_open = await ends.are_open(1)
        await ends.stop()
        return is_open


def test_more_than_nine_lost_inits_do_not_close() -> None:
    assert run(many_inits_lost())


@pytest.mark.parametrize("kind", [INIT, INIT_ACK, 10, 11])
def test_any_one_lost_packet_of_the_opening_costs_less_than_a_second(kind: int) -> None:
    async def lost_once() -> float:
        loop = asyncio.get_running_loop()
        async with TaskOwner("wire") as tasks:
            ends = Ends(MendedSctpTransport, tasks)
            ends.wires[0].vanishes = lose_first(kind)
            await ends.start()
            assert await ends.are_open(5)
            opened_at = loop.time()
            await ends.stop()
            return opened_at

    assert stock.SCTP_RTO_INITIAL == 0.25
    assert run(lost_once()) < 1.0


def data_chunk(tsn: int, stream: int, flags: int, data: bytes, protocol: int = 51) -> DataChunk:
    chunk = DataChunk(flags=flags)
    chunk.tsn, chunk.stream_id, chunk.stream_seq = tsn % 2**32, stream, 0
    chunk.protocol, chunk.user_data = protocol, data
    return chunk


async def overrun(kind: type[RTCSctpTransport], chunks: Callable[[int], DataChunk]) -> int:
    """Bytes that wait at one end after 3 MB from a far side that keeps to no window."""
    async with TaskOwner("wire") as tasks:
        ends = Ends(kind, tasks)
        await ends.start()
        assert await ends.are_open(1)
        victim = ends.ends[1]
        first = victim._last_received_tsn + 1
        for number in range(3000):
            await victim._receive_chunk(chunks(first + number))
        waiting = sum(
            len(chunk.user_data)
            for stream in victim._inbound_streams.values()
            for chunk in stream.reassembly
        )
        assert ends.channels[1].readyState == ("open" if kind is RTCSctpTransport else "closed")
        await ends.stop()
        return waiting


def test_a_message_without_end_ends_the_association() -> None:
    def endless(tsn: int) -> DataChunk:
        return data_chunk(tsn, 0, 2, b"x" * 1000)  # a first part, and never a last one

    assert run(overrun(MendedSctpTransport, endless)) == 0
    assert run(overrun(RTCSctpTransport, endless)) > 2_000_000


def test_gaps_without_end_end_the_association() -> None:
    async def gaps() -> bool:
        async with TaskOwner("wire") as tasks:
            ends = Ends(MendedSctpTransport, tasks)
            await ends.start()
            assert await ends.are_open(1)
            victim = ends.ends[1]
            # Every second one, of a stream that is not there: nothing of it is kept but its number.
            for number in range(2, 2 * CHUNKS_WAITING_MOST + 6, 2):
                chunk = data_chunk(victim._last_received_tsn + number, 9, 3, b"x")
                await victim._receive_chunk(chunk)
            is_closed = bool(ends.channels[1].readyState == "closed")
            await ends.stop()
            return is_closed

    assert run(gaps())


def test_a_path_that_is_gone_fails_no_task() -> None:
    async def unseen() -> list[object]:
        told: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["message"]))
        async with TaskOwner("wire") as tasks:
            ends = Ends(MendedSctpTransport, tasks)
            await ends.start()
            assert await ends.are_open(1)
            ends.wires[0].vanishes = lambda data: True
            ends.channels[0].send("nobody hears it")
            await asyncio.sleep(0.01)
            ends.wires[0].is_gone = True
            await asyncio.sleep(2)  # its timer sends it again
            await ends.stop()
        gc.collect()
        return told

    assert run(unseen()) == []


def test_the_far_side_opens_no_channels_of_its_own() -> None:
    async def opened() -> int:
        async with TaskOwner("wire") as tasks:
            ends = Ends(MendedSctpTransport, tasks)
            await ends.start()
            assert await ends.are_open(1)
            for stream in range(2, 60):
                RTCDataChannel(ends.ends[0], RTCDataChannelParameters("more", id=stream))
            await asyncio.sleep(2)
            count = len(ends.ends[1]._data_channels)
            came: list[str] = []
            ends.channels[1].on("message", came.append)
            ends.channels[0].send("still heard")
            await asyncio.sleep(1)
            await ends.stop()
            assert came == ["still heard"]
            return count

    assert run(opened()) == 1
