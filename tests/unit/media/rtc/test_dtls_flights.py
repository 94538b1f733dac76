"""DTLS over a line that loses chosen datagrams, in virtual time: OpenSSL's own clock stands still,
so whatever is sent again is our doing."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsTransport

from app.runtime.tasks import TaskOwner
from media.rtc.dtls_flights import FlightDtlsTransport, datagrams_of
from tests.fakes.virtual_time import run

DELAY_S = 0.02


class Ice:
    """What an ICE transport is to DTLS."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.far: Ice | None = None
        self.sent: list[tuple[float, bytes]] = []
        self.vanishes: Callable[[bytes], bool] = lambda data: False
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._recv = self._receive

    async def _receive(self) -> bytes:
        data = await self._queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        self.sent.append((loop.time(), data))
        if not self.vanishes(data) and self.far is not None:
            loop.call_later(DELAY_S, self.far._queue.put_nowait, data)

    def inject(self, data: bytes | None) -> None:
        self._queue.put_nowait(data)


class Ends:
    """A client and a server, after the offerer and the answerer of a call."""

    def __init__(self, kind: type[RTCDtlsTransport] = FlightDtlsTransport) -> None:
        self.wires = [Ice("controlled"), Ice("controlling")]
        self.wires[0].far, self.wires[1].far = self.wires[1], self.wires[0]
        self.ends: list[Any] = [
            kind(wire, [RTCCertificate.generateCertificate()])  # type: ignore[arg-type]  # a fake
            for wire in self.wires
        ]
        self.client, self.server = self.ends

    async def shake(self, limit_s: float, tasks: TaskOwner) -> list[float]:
        """When client and server were connected; -1 for never."""
        connected = [asyncio.Event(), asyncio.Event()]
        for end, event in zip(self.ends, connected, strict=True):
            end.on("statechange", lambda e=end, v=event: e.state == "connected" and v.set())
        parameters = [end.getLocalParameters() for end in self.ends]
        tasks.start(self.client.start(parameters[1]), "client")
        tasks.start(self.server.start(parameters[0]), "server")
        times = []
        for event in connected:
            try:
                async with asyncio.timeout(limit_s):
                    await event.wait()
                times.append(asyncio.get_running_loop().time())
            except TimeoutError:
                times.append(-1.0)
        return times

    async def stop(self) -> None:
        for end, wire in zip(self.ends, self.wires, strict=True):
            await end.stop()
            wire.inject(None)


def is_handshake(data: bytes) -> bool:
    return data[0] in (20, 22)


async def shaken(
    prepare: Callable[[Ends], None], limit_s: float = 5.0, kind: type[Any] = FlightDtlsTransport
) -> tuple[list[float], Ends]:
    async with TaskOwner("shake") as tasks:
        ends = Ends(kind)
        prepare(ends)
        times = await ends.shake(limit_s, tasks)
        await ends.stop()
        return times, ends


def test_a_clean_line_needs_two_round_trips() -> None:
    times, _ = run(shaken(lambda ends: None))
    assert 0 < max(times) < 0.2


def test_a_certificate_that_was_not_described_is_an_impostors() -> None:
    """Between the two stands one who has keys of their own and passes the descriptions on."""

    async def story() -> None:
        async with TaskOwner("impostor") as tasks:
            ends, others = Ends(), Ends()
            seen: list[bool] = []
            ends.client.on("statechange", lambda: seen.append(ends.client.is_impostor))
            tasks.start(ends.client.start(others.server.getLocalParameters()), "client")
            tasks.start(ends.server.start(ends.client.getLocalParameters()), "server")
            await asyncio.sleep(2.0)
            assert (ends.client.state, ends.server.is_impostor) == ("failed", False)
            assert seen[-1]  # whoever is told of the failure can already say why
            await ends.stop()
            await others.stop()

    run(story())


def lose_last_flight_of_server(ends: Ends) -> None:
    """Everything the server sends of its flight that begins with its change of cipher, once."""
    until = [0.0]

    def vanishes(data: bytes) -> bool:
        now = asyncio.get_running_loop().time()
        if data[0] == 20 or (is_handshake(data) and b"\x14\xfe\xfd" in data):
            until[0] = until[0] or now + 0.12  # with the copies of the first tenth of a second
        return bool(until[0]) and now <= until[0]

    ends.wires[1].vanishes = vanishes


def test_the_servers_last_flight_lost_is_sent_again() -> None:
    times, _ = run(shaken(lose_last_flight_of_server))
    assert 0 < times[0] < 0.4


def test_stock_leaves_the_client_waiting_on_the_same() -> None:
    times, _ = run(shaken(lose_last_flight_of_server, limit_s=0.9, kind=RTCDtlsTransport))
    assert times[0] == -1


def test_a_client_asks_a_mute_server_again_every_150_ms() -> None:
    def mute(ends: Ends) -> None:
        ends.wires[1].vanishes = lambda data: True

    _, ends = run(shaken(mute, limit_s=3.0))
    first = ends.wires[0].sent[0][1]
    asked = [at for at, data in ends.wires[0].sent if data == first]
    late = [at for at in asked if at > 0.5]
    gaps = [b - a for a, b in itertools.pairwise(late)]
    assert len(gaps) > 10
    assert all(0.15 <= gap <= 0.2 for gap in gaps)


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("side", [0, 1])
def test_any_one_datagram_lost_costs_less_than_half_a_second(side: int, number: int) -> None:
    def lose(ends: Ends) -> None:
        counted = [0]

        def vanishes(data: bytes) -> bool:
            counted[0] += 1
            return counted[0] == number + 1

        ends.wires[side].vanishes = vanishes

    times, _ = run(shaken(lose))
    assert 0 < max(times) < 0.5


def test_all_lost_for_two_seconds_then_up_at_once() -> None:
    def cut(ends: Ends) -> None:
        for wire in ends.wires:
            wire.vanishes = lambda data: asyncio.get_running_loop().time() < 2

    times, _ = run(shaken(cut))
    assert 2 < max(times) < 2.6


def test_empty_and_foreign_datagrams_do_not_end_the_handshake() -> None:
    def pester(ends: Ends) -> None:
        for wire in ends.wires:
            for data in (b"", b"\x00", b"\x16" * 50, b"\x17", b"\x80", bytes(1400)):
                wire.inject(data)

    times, _ = run(shaken(pester))
    assert 0 < max(times) < 0.5


def record(kind: int, length: int) -> bytes:
    return bytes([kind]) + b"\xfe\xfd" + bytes(8) + length.to_bytes(2, "big") + bytes(length)


def test_records_are_packed_whole() -> None:
    records = [record(22, 700), record(22, 600), record(22, 300), record(20, 1), record(22, 40)]
    datagrams = datagrams_of(b"".join(records))
    assert b"".join(datagrams) == b"".join(records)
    assert [len(each) for each in datagrams] == [713 + 613, 313 + 14 + 53]


def test_what_is_no_record_goes_as_it_is() -> None:
    assert datagrams_of(b"") == []
    assert datagrams_of(b"\x2e" + bytes(30)) == [b"\x2e" + bytes(30)]
    assert datagrams_of(b"\x16\xfe\xfd") == [b"\x16\xfe\xfd"]
