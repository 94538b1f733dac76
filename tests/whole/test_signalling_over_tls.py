"""The signalling socket over real TLS, let go whenever somebody signs out."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from websockets.asyncio.server import ServerConnection, serve

from app.remote.address import server_address
from app.remote.server_places import ServerPlaces
from app.remote.signalling_channel import SignallingChannel
from app.remote.tokens import Tokens
from app.services.ports import SocketDown, SocketUp
from demo.certificates import Certificates

HOST = "127.0.0.1"
LIMIT_S = 10.0


async def _listens(socket: ServerConnection) -> None:
    await socket.wait_closed()


@pytest_asyncio.fixture
async def channel(tmp_path: Path) -> AsyncIterator[tuple[SignallingChannel, Tokens]]:
    certificates = Certificates(tmp_path, (HOST,))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates.certificate, certificates.key)
    async with serve(_listens, HOST, 0, ssl=tls) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        tokens = Tokens()
        address = server_address(f"https://{HOST}:{port}", certificates.authority)
        yield SignallingChannel(ServerPlaces(address), tokens), tokens


async def test_signing_out_lets_the_socket_go_and_the_next_person_gets_their_own(
    channel: tuple[SignallingChannel, Tokens],
) -> None:
    """Each time: Python 3.11 broke at the second of two closings, and the window told a fault."""
    signalling, tokens = channel
    events = signalling.events()
    async with asyncio.timeout(LIMIT_S):
        for _ in range(3):
            tokens.keep("token", 900)
            assert await anext(events) == SocketUp()
            tokens.forget()
            assert isinstance(await anext(events), SocketDown)
