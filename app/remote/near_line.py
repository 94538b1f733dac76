"""One connection between two desks: the greeting that proves them, then their words.

Whatever is not of the contract ends it. It knows nothing of other connections.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import WebSocketException

from app.contract.near import (
    NEAR_WORD,
    NONCE_BYTES,
    NearHello,
    NearPresence,
    NearProof,
    NearSide,
)
from app.contract.signalling import FRAME_MAX_BYTES, Live, Signal
from app.domain.failures import Code, Unavailable, Untrusted
from app.remote.near_door import Place, dialler_tls
from app.remote.near_proof import (
    FarDesk,
    Meeting,
    OwnDesk,
    check_proof,
    checked_hello,
    make_hello,
    make_proof,
)
from app.remote.prompt_connection import Place as FarPlace
from app.remote.prompt_connection import reach_any

HANDSHAKE_LIMIT_S = 5.0
PING_EVERY_S, PING_LIMIT_S = 2.0, 3.0
PROBE_LIMIT_S = 1.0
SEND_LIMIT_S = 2.0
MOST_FRAMES = 16
# Above it somebody asks for answers (pongs) and does not read them.
MOST_UNREAD_BYTES = 16 * FRAME_MAX_BYTES

Word = NearHello | NearProof | NearPresence | Signal | Live
Kind = TypeVar("Kind", NearHello, NearProof)
Takes = Callable[["NearLine"], Awaitable[bool]]

# The library writes what strangers sent, and each of their failures, as an error of ours.
_quiet = logging.getLogger(f"{__name__}.websockets")
_quiet.setLevel(logging.CRITICAL + 1)

SOCKET_WORDS: dict[str, Any] = {
    "compression": None,
    "ping_interval": PING_EVERY_S,
    "ping_timeout": PING_LIMIT_S,
    "open_timeout": HANDSHAKE_LIMIT_S,
    "close_timeout": 1.0,
    "max_size": FRAME_MAX_BYTES,
    "max_queue": MOST_FRAMES,
    "logger": _quiet,
}


class GuestConnection(ServerConnection):
    def data_received(self, data: bytes) -> None:
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)


class HostConnection(ClientConnection):
    def data_received(self, data: bytes) -> None:
        if self.transport.get_write_buffer_size() > MOST_UNREAD_BYTES:
            self.transport.abort()
        else:
            super().data_received(data)


async def dialled(places: list[FarPlace]) -> ClientConnection:
    """Unavailable: PEER_AWAY, when nobody there speaks TLS and WebSocket."""
    try:
        async with asyncio.timeout(HANDSHAKE_LIMIT_S):
            reached = await reach_any(places)
        try:
            return await connect(
                "wss://near.invalid/",
                sock=reached,
                ssl=dialler_tls(),
                proxy=None,
                user_agent_header=None,
                create_connection=HostConnection,
                **SOCKET_WORDS,
            )
        except BaseException:
            reached.close()
            raise
    except (OSError, TimeoutError, WebSocketException, ValueError) as error:
        # ValueError: a redirect, which is not followed
        raise Unavailable(Code.PEER_AWAY, "near") from error


class NearLine:
    """`meeting` is there once the far side has proven itself."""

    def __init__(self, socket: ClientConnection | ServerConnection, own: OwnDesk) -> None:
        self.socket = socket
        self._own = own
        self.meeting: Meeting | None = None
        self.heard: NearPresence | None = None  # on this connection
        self.is_found = False  # on this one or an earlier one
        self.news = asyncio.Event()  # what we tell of ourselves has changed
        self.ended = asyncio.Event()

    @property
    def far(self) -> FarDesk:
        """Of a proven line."""
        if self.meeting is None:
            raise Untrusted(Code.PEER_UNTRUSTED, "not proven")
        return self.meeting.far

    @property
    def place(self) -> Place:
        place: Place = self.socket.remote_address
        return place

    @property
    def is_dialled(self) -> bool:
        return isinstance(self.socket, ClientConnection)

    async def greet(self, now: datetime, certificate: bytes, takes: Takes) -> bool:
        """Whether both have proven themselves and `takes` said yes; Untrusted, Unavailable.

        The listener proves first: the dialler, who knows then whom it reached, may still leave
        without the listener having lost an older connection.
        """
        try:
            async with asyncio.timeout(HANDSHAKE_LIMIT_S):
                meeting = await self._meet(now, certificate)
                if not self.is_dialled:
                    await self.say(make_proof(self._own, meeting))
                check_proof(await self._expect(NearProof), meeting)
                self.meeting = meeting
                if not await takes(self):
                    return False
                if self.is_dialled:
                    await self.say(make_proof(self._own, meeting))
                return True
        except TimeoutError as error:
            raise Untrusted(Code.PEER_UNTRUSTED, "no proof in time") from error
        except (OSError, WebSocketException) as error:
            raise Unavailable(Code.PEER_AWAY, "near") from error

    async def _meet(self, now: datetime, certificate: bytes) -> Meeting:
        nonce = secrets.token_bytes(NONCE_BYTES)
        await self.say(make_hello(self._own, nonce))
        far = checked_hello(await self._expect(NearHello), self._own, now)
        side = NearSide.DIALLER if self.is_dialled else NearSide.LISTENER
        return Meeting(side, self._own.device.id, nonce, far, certificate)

    async def _expect(self, kind: type[Kind]) -> Kind:
        word = _word_of(await self.socket.recv())
        if not isinstance(word, kind):
            raise Untrusted(Code.PEER_UNTRUSTED, "a word before its time")
        return word

    async def words(self) -> AsyncGenerator[NearPresence | Signal | Live, None]:
        """After the greeting; ends with the connection. Untrusted: a word not of the contract."""
        try:
            async for text in self.socket:
                word = _word_of(text)
                if isinstance(word, NearHello | NearProof):
                    raise Untrusted(Code.PEER_UNTRUSTED, "a word after its time")
                yield word
        except (OSError, WebSocketException):
            return

    async def say(self, word: BaseModel) -> None:
        """Unavailable: TOO_LARGE, PEER_AWAY."""
        text = word.model_dump_json()
        if len(text.encode()) > FRAME_MAX_BYTES:
            raise Unavailable(Code.TOO_LARGE, "near")
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                await self.socket.send(text)
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Unavailable(Code.PEER_AWAY, "near") from error

    async def answers(self) -> bool:
        """Whether the far side is still there, asked now."""
        try:
            async with asyncio.timeout(PROBE_LIMIT_S):
                await (await self.socket.ping())
        except (OSError, TimeoutError, WebSocketException):
            return False
        return True

    def abort(self) -> None:
        """Not `close`: of two closings Python 3.11 breaks at the second (asyncio.sslproto)."""
        self.socket.transport.abort()

    async def end(self) -> None:
        self.abort()
        await self.socket.wait_closed()
        self.ended.set()


def tls_certificate_of(socket: ClientConnection | ServerConnection) -> bytes:
    """Of the listener, as the dialler sees it."""
    tls = socket.transport.get_extra_info("ssl_object")
    certificate: bytes | None = tls.getpeercert(binary_form=True)
    if certificate is None:
        raise Untrusted(Code.PEER_UNTRUSTED, "no certificate")
    return certificate


def _word_of(text: str | bytes) -> Word:
    try:
        if isinstance(text, str):
            return NEAR_WORD.validate_json(text)
    except ValidationError:
        pass  # with what the stranger wrote in it: nobody is told of that
    raise Untrusted(Code.PEER_UNTRUSTED, "a word that is not of the contract")
