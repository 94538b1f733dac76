"""One server at two addresses: when the first is gone, all move over within seconds, and stay."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from app.domain.clock import SystemClock
from app.domain.failures import Unavailable
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import SocketDown, SocketUp
from app.remote.address import ServerAddress, server_address
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens

FIRST = server_address("http://127.0.0.1:1001")
SECOND = server_address("http://localhost:1002")
LIMIT_S = 10.0


def test_all_move_on_once_and_nobody_back() -> None:
    places = ServerPlaces(FIRST, SECOND)
    assert (places.current, places.answering) == (FIRST, "127.0.0.1:1001")
    assert places.gone(FIRST)
    assert places.gone(FIRST)  # by another who asked there, too
    assert (places.current, places.answering) == (SECOND, "localhost:1002")
    assert places.gone(SECOND) and places.current == FIRST


def test_a_single_address_is_kept_and_not_spoken_of() -> None:
    places = ServerPlaces(FIRST, FIRST)
    assert not places.gone(FIRST)
    assert (places.current, places.answering, places.count) == (FIRST, "", 1)


class Wire(httpx.AsyncBaseTransport):
    def __init__(self, error: type[httpx.TransportError]) -> None:
        self.error = error
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        if request.url.host == "127.0.0.1":
            raise self.error("no answer")
        return httpx.Response(200, json={"server_time": "2026-11-29T09:00:00Z"})


async def sample(wire: Wire, places: ServerPlaces) -> None:
    async with ServerApi(places, Tokens(), SystemClock(), DeviceId(new_id()), wire) as api:
        await api.clock_sample()


async def test_what_was_never_sent_goes_to_the_next_address_at_once() -> None:
    wire, places = Wire(httpx.ConnectTimeout), ServerPlaces(FIRST, SECOND)
    await sample(wire, places)
    assert wire.asked == ["127.0.0.1", "localhost"]
    await sample(wire, places)
    assert wire.asked[2:] == ["localhost"]


async def test_what_may_have_been_done_is_not_asked_twice_but_the_next_goes_elsewhere() -> None:
    wire, places = Wire(httpx.ReadTimeout), ServerPlaces(FIRST, SECOND)
    with pytest.raises(Unavailable):
        await sample(wire, places)
    assert wire.asked == ["127.0.0.1"]
    await sample(wire, places)
    assert wire.asked[1:] == ["localhost"]


async def test_when_nobody_answers_each_is_asked_once() -> None:
    wire = Wire(httpx.ConnectError)
    places = ServerPlaces(FIRST, server_address("http://127.0.0.1:1003"))
    with pytest.raises(Unavailable):
        await sample(wire, places)
    assert len(wire.asked) == 2


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[ServerAddress, Server]]:
    async def listens(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(listens, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield server_address(f"http://127.0.0.1:{port}"), server


async def test_the_socket_moves_over_when_its_server_goes() -> None:
    tokens = Tokens()
    tokens.keep("token", 600)
    async with (
        asyncio.timeout(LIMIT_S),
        listening() as (first, going),
        listening() as (second, _),
    ):
        channel = SignallingChannel(ServerPlaces(first, second), tokens)
        async with aclosing(channel.events()) as events:
            assert await anext(events) == SocketUp()
            going.close()
            began = asyncio.get_running_loop().time()
            told = [await anext(events)]
            while not isinstance(told[-1], SocketUp):
                told.append(await anext(events))
            assert all(isinstance(each, SocketDown) for each in told[:-1])
            assert asyncio.get_running_loop().time() - began < 3
            assert channel._places.current == second


async def test_a_socket_whose_first_address_never_answers_finds_the_second() -> None:
    tokens = Tokens()
    tokens.keep("token", 600)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        dead = server_address(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        async with asyncio.timeout(LIMIT_S), listening() as (second, _):
            channel = SignallingChannel(ServerPlaces(dead, second), tokens)
            async with aclosing(channel.events()) as events:
                assert isinstance(await anext(events), SocketDown)
                assert await anext(events) == SocketUp()
