"""The signalling socket of a server that ends it, and what is renewed before the next one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from app.contract.signalling import SESSION_OVER
from app.domain.failures import Code
from app.domain.server_words import SocketDown, SocketUp
from app.remote import signalling_channel
from app.remote.address import server_address
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.runtime.tasks import TaskOwner

LIMIT_S = 10.0


@asynccontextmanager
async def channel_to_one_that_closes(code: int) -> AsyncIterator[tuple[SignallingChannel, Tokens]]:
    async def close(socket: ServerConnection) -> None:
        await socket.close(code)

    async with serve(close, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        tokens, places = Tokens(), ServerPlaces(server_address(f"http://127.0.0.1:{port}"))
        tokens.keep("first", 600)
        yield SignallingChannel(places, tokens), tokens


@pytest.mark.parametrize(
    ("close_code", "told", "renewals"),
    [(SESSION_OVER, Code.TOKEN_EXPIRED, 1), (1013, Code.SERVER_UNREACHABLE, 0)],
)
async def test_a_session_that_is_over_is_renewed_before_the_next_socket(
    close_code: int, told: Code, renewals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signalling_channel, "PAUSES_S", (0.0,))
    renewed = 0
    async with channel_to_one_that_closes(close_code) as (channel, tokens):

        async def renew() -> None:
            nonlocal renewed
            renewed += 1
            tokens.keep("next", 600)

        channel.renew = renew
        async with asyncio.timeout(LIMIT_S), aclosing(channel.events()) as events:
            assert await anext(events) == SocketUp()
            assert await anext(events) == SocketDown(told)
            assert await anext(events) == SocketUp()
    assert renewed == renewals


@pytest.mark.parametrize("is_ours", [False, True])
async def test_another_address_ends_a_socket_that_leads_nowhere_and_no_other(
    is_ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signalling_channel, "is_ours", lambda address: is_ours)
    monkeypatch.setattr(signalling_channel, "PAUSES_S", (60.0,))  # cut short

    async def listens(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with serve(listens, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        tokens = Tokens()
        tokens.keep("token", 600)
        channel = SignallingChannel(
            ServerPlaces(server_address(f"http://127.0.0.1:{port}")), tokens
        )
        async with asyncio.timeout(LIMIT_S), aclosing(channel.events()) as events:
            assert await anext(events) == SocketUp()
            if is_ours:
                async with TaskOwner("reader") as tasks:
                    tasks.start(anext(events), "next")  # answers are read while somebody listens
                    await channel.network_changed()
                    assert channel._socket is not None
            else:
                await channel.network_changed()
                assert isinstance(await anext(events), SocketDown)
                assert await anext(events) == SocketUp()
