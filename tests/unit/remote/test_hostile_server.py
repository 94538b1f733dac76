"""What the program makes of a server that lies, sends without end, or is something else."""

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.contract.wire import REQUEST_ID
from app.domain.access import Role
from app.domain.changes import FeedCursor
from app.domain.clock import SystemClock
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import DeviceCredentials
from app.remote import server_api
from app.remote.address import server_address
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
DEVICE = DeviceCredentials(
    DeviceId(new_id()), "desk 1", Ed25519PrivateKey.generate().private_bytes_raw()
)


@asynccontextmanager
async def api_of(answer: Answer) -> AsyncIterator[ServerApi]:
    """A server of bytes on a real socket, which answers every question like this."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the program has had enough
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    tokens = Tokens()
    tokens.keep("token", 600)
    async with (
        server,
        ServerApi(
            ServerPlaces(server_address(f"http://127.0.0.1:{port}")),
            tokens,
            SystemClock(),
            DEVICE.id,
        ) as api,
    ):
        yield api


def of(body: bytes, status: str = "200 OK", headers: str = "") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n"
        writer.write(head.encode() + body)

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"[" * 65_536)
        await writer.drain()


@pytest.mark.parametrize(
    "answer",
    [
        of(b""),
        of(b"{"),
        of(b"null"),
        of(b"<html>a hotel's sign-in page</html>"),
        of(b"[" * 100_000),
        of(b'{"since":0,"until":1e999,"records":[],"has_more":false}'),
        of(b'{"since":0,"until":0,"records":[],"has_more":true}'),  # would be asked in a circle
        of(b'{"since":5,"until":4,"records":[],"has_more":false}'),
        of(b'{"since":0,"until":%d,"records":[],"has_more":false}' % 2**70),
        of(b"", "500 Oops"),
        of(b"not a problem", "503 Busy"),
        of(gzip.compress(b" " * 50_000_000), headers="content-encoding: gzip\r\n"),
        of(b"\xff\xfe\x00"),
        of(b"", "302 Found", "location: http://elsewhere.example/\r\n"),
    ],
)
async def test_an_answer_that_is_none_is_the_servers_fault(answer: Answer) -> None:
    async with api_of(answer) as api:
        with pytest.raises(Failure) as told:
            await api.feed(FeedCursor(0))
    assert told.value.code is Code.SERVER_ERROR


async def test_the_answer_to_another_question_is_none() -> None:
    """A box on the way gives an older one; a server that names no question is taken as it is."""
    page = b'{"since":0,"until":4,"records":[],"has_more":false}'
    async with api_of(of(page, headers=f"{REQUEST_ID}: {new_id()}\r\n")) as api:
        with pytest.raises(Unavailable) as told:
            await api.feed(FeedCursor(0))
    assert told.value.code is Code.SERVER_ERROR
    async with api_of(of(page)) as api:
        assert (await api.feed(FeedCursor(0))).until == 4


async def test_an_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_api, "ANSWER_MOST_BYTES", 1_000_000)
    async with api_of(endless) as api:
        with pytest.raises(Unavailable) as told:
            await api.feed(FeedCursor(0))
    assert told.value.code is Code.SERVER_ERROR


async def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_api, "WHOLE_LIMIT_S", 0.2)

    async def drips(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with api_of(drips) as api:
        with pytest.raises(Unavailable) as told:
            await api.feed(FeedCursor(0))
    assert told.value.code is Code.SERVER_UNREACHABLE


async def test_something_else_on_the_port_is_no_server() -> None:
    async def other(writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")

    async with api_of(other) as api:
        with pytest.raises(Unavailable) as told:
            await api.feed(FeedCursor(0))
    assert told.value.code is Code.SERVER_UNREACHABLE


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("n" * 65, "word"),
        ("name", ""),
        ("name", "w" * 1025),
        ("half \ud800", "word"),
        ("n", "\ud800"),
    ],
    ids=["long name", "no password", "long password", "half a character", "half a password"],
)
async def test_what_no_account_can_have_is_not_even_sent(username: str, password: str) -> None:
    async def never(writer: asyncio.StreamWriter) -> None:
        raise AssertionError("asked")

    async with api_of(never) as api:
        with pytest.raises(Rejected) as told:
            await api.sign_in(username, password, Role.CLINICIAN, DEVICE, None)
    assert told.value.code is Code.WRONG_CREDENTIALS
    assert told.value.__context__ is None  # nothing that was typed travels with it


async def test_a_server_without_tls_behind_https_gets_nothing() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(5))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server_address(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert isinstance(address.tls, ssl.SSLContext)
    async with server, ServerApi(ServerPlaces(address), Tokens(), SystemClock(), DEVICE.id) as api:
        with pytest.raises(Failure) as told:
            await api.sign_in("name", "word", Role.CLINICIAN, DEVICE, None)
    assert told.value.code in (Code.SERVER_UNREACHABLE, Code.SERVER_UNTRUSTED)
    assert heard and heard[0][:1] == b"\x16"  # a TLS hello, and never a request


@pytest.mark.parametrize(
    "body",
    [
        b'{"since":0,"leaves":[],"head":{"count":0,"digest":"%s"},"has_more":true}' % (b"0" * 64),
        b'{"since":0,"leaves":[],"head":{"count":%d,"digest":"%s"},"has_more":false}'
        % (2**70, b"0" * 64),
    ],
    ids=["a circle", "a number no store holds"],
)
async def test_a_chain_that_leads_nowhere_is_the_servers_fault(body: bytes) -> None:
    async with api_of(of(body)) as api:
        with pytest.raises(Unavailable) as told:
            await api.chain(0)
    assert told.value.code is Code.SERVER_ERROR


@pytest.mark.parametrize("token", ["a\\nb", "", "caf\\u00e9", "a b"])
async def test_a_token_that_no_header_takes_is_refused_at_once(token: str) -> None:
    body = f'{{"access_token":"{token}","expires_in_s":600,"refresh_token":"r"}}'.encode()
    async with api_of(of(body)) as api:
        with pytest.raises(Unavailable) as told:
            await api.refresh("token", DEVICE)
    assert told.value.code is Code.SERVER_ERROR
