"""The signalling socket: opened again by itself, its words turned into those of the house."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from pydantic import BaseModel, ValidationError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from app.contract.signalling import (
    FRAME_MAX_BYTES,
    SERVER_WORD,
    SESSION_OVER,
    FeedMoved,
    Join,
    Leave,
    Live,
    Look,
    Refusal,
    Relays,
    Room,
    Signal,
    VouchedSignal,
)
from app.domain.changes import Json
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.domain.relays import RelayAccess, relay_of
from app.domain.server_words import (
    FeedMovedHeard,
    Heard,
    LiveHeard,
    RefusalHeard,
    RelaysHeard,
    RoomHeard,
    SeatState,
    SignalHeard,
    SocketDown,
    SocketUp,
)
from app.remote.address import ANSWER_LIMIT_S, CONNECT_LIMIT_S
from app.remote.prompt_connection import PromptConnection
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens
from app.runtime.network_watch import is_ours

log = logging.getLogger(__name__)

PAUSES_S = (0.2, 0.5, 1.0)
PING_EVERY_S = 3.0
PING_LIMIT_S = 4.0
PROBE_LIMIT_S = 1.5  # for a socket whose machine has another address or route now

OpenSocket = Callable[..., AbstractAsyncContextManager[ClientConnection]]
RenewTokens = Callable[[], Awaitable[None]]


class SignallingChannel:
    """Fulfils ports.SignallingChannel. `renew` fetches a token when the old one is not good.

    `open_socket`: another way than TCP, with the words of websockets' `connect`.
    """

    def __init__(
        self, places: ServerPlaces, tokens: Tokens, open_socket: OpenSocket | None = None
    ) -> None:
        self._open_socket = open_socket or PromptConnection()
        self._places = places
        self._tokens = tokens
        self._socket: ClientConnection | None = None
        self._try_now = asyncio.Event()
        self.renew: RenewTokens | None = None
        tokens.on_forgotten = self._let_go

    def _let_go(self) -> None:
        """A socket speaks for whoever signed in; the next person gets their own.

        Not `close`: of two closings, ours and the one that follows the server's answer, Python 3.11
        breaks at the second (AttributeError in asyncio.sslproto).
        """
        if self._socket is not None:
            self._socket.transport.abort()

    async def network_changed(self) -> None:
        """Another address or route: a pause ends now, and so does a socket that leads nowhere."""
        self._try_now.set()
        socket = self._socket
        if socket is None:
            return
        try:
            if is_ours(socket.local_address[0]):
                async with asyncio.timeout(PROBE_LIMIT_S):
                    await (await socket.ping())
                return
        except (OSError, TimeoutError, WebSocketException):
            pass
        socket.transport.abort()

    async def events(self) -> AsyncGenerator[Heard, None]:
        """Ends only when its task is ended."""
        tries = 0
        while True:
            code, place = Code.SERVER_UNREACHABLE, self._places.current
            try:
                async for heard in self._one_socket():
                    tries = 0
                    yield heard
            except Failure as failure:
                code = failure.code
            except InvalidStatus as error:
                code = Code.TOKEN_EXPIRED if error.response.status_code in (401, 403) else code
                if code is Code.TOKEN_EXPIRED:
                    self._tokens.forget()
                else:
                    self._places.gone(place)
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == SESSION_OVER:
                    code = Code.TOKEN_EXPIRED
                    self._tokens.forget()
                log.info("signalling: closed (%s)", code)
            except (OSError, TimeoutError, WebSocketException) as error:
                log.info("signalling: %s", type(error).__name__)
                self._places.gone(place)
            yield SocketDown(code)
            if await self._pause(PAUSES_S[min(tries, len(PAUSES_S) - 1)]):
                tries = 0
            tries += 1

    async def _pause(self, seconds: float) -> bool:
        """Whether it was cut short."""
        try:
            async with asyncio.timeout(seconds):
                await self._try_now.wait()
        except TimeoutError:
            return False
        self._try_now.clear()
        return True

    async def _one_socket(self) -> AsyncIterator[Heard]:
        if not self._tokens.is_fresh and self.renew is not None:
            await self.renew()
        if self._tokens.access is None:
            raise Unavailable(Code.TOKEN_EXPIRED)
        place = self._places.current
        is_only_one = self._places.count == 1
        async with self._open_socket(
            f"{place.socket_url}/v1/signalling",
            ssl=place.tls,
            additional_headers={"authorization": f"Bearer {self._tokens.access}"},
            open_timeout=CONNECT_LIMIT_S + (ANSWER_LIMIT_S if is_only_one else 0),
            ping_interval=PING_EVERY_S,
            ping_timeout=PING_LIMIT_S,
            close_timeout=1.0,
            max_size=FRAME_MAX_BYTES,
            max_queue=64,
            compression=None,
            proxy=None,
        ) as socket:
            self._socket = socket
            try:
                yield SocketUp()
                async for text in socket:
                    heard = _heard_of(text)
                    if heard is not None:
                        yield heard
            finally:
                self._socket = None

    async def join(self, visit: VisitId) -> None:
        await self._say(Join(visit=visit))

    async def look(self, visit: VisitId) -> None:
        await self._say(Look(visit=visit))

    async def leave(self, visit: VisitId) -> None:
        await self._say(Leave(visit=visit))

    def reaches(self, visit: VisitId) -> bool:
        return self._socket is not None

    async def signal(self, visit: VisitId, link: LinkId, payload: dict[str, Json]) -> None:
        await self._say(Signal(visit=visit, link=link, payload=payload))

    async def live(self, visit: VisitId, payload: dict[str, Json]) -> None:
        await self._say(Live(visit=visit, payload=payload))

    async def _say(self, word: BaseModel) -> None:
        socket = self._socket
        if socket is None:
            raise Unavailable(Code.SERVER_UNREACHABLE)
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await socket.send(word.model_dump_json())
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Unavailable(Code.SERVER_UNREACHABLE) from error


def _heard_of(text: str | bytes) -> Heard | None:
    try:
        word = SERVER_WORD.validate_json(text)
    except ValidationError:
        log.warning("a word on the signalling socket that is not of the contract")
        return None
    match word:
        case Room():
            seats = tuple(
                SeatState(
                    device=DeviceId(seat.device),
                    person=PersonId(seat.person),
                    name=seat.name,
                    role=seat.role,
                    is_connected=seat.is_connected,
                    since=seat.since,
                )
                for seat in word.seats
            )
            return RoomHeard(VisitId(word.visit), seats)
        case VouchedSignal() if all(isinstance(part, str) for part in word.payload.values()):
            onlooker = None if word.onlooker is None else DeviceId(word.onlooker)
            vouched, link = tuple(word.fingerprints), LinkId(word.link)
            return SignalHeard(VisitId(word.visit), link, word.payload, vouched, onlooker)
        case VouchedSignal():
            log.warning("a session description that is none")
        case Live():
            return LiveHeard(VisitId(word.visit), word.payload)
        case Relays():
            return _relays_of(word)
        case FeedMoved():
            return FeedMovedHeard(word.position)
        case Refusal():
            log.info("signalling refused a word: %s", word.code)
            if word.visit is not None:
                return RefusalHeard(VisitId(word.visit), _code_of(word.code))
    return None


def _relays_of(word: Relays) -> RelaysHeard:
    """Relays of a kind that only a later release knows are left out."""
    urls = []
    for url in word.urls:
        try:
            relay_of(url)
        except Rejected:
            log.info("a relay that this release cannot use")
        else:
            urls.append(url)
    return RelaysHeard(RelayAccess(tuple(urls), word.username, word.password, word.lasts_s))


def _code_of(text: str) -> Code:
    try:
        return Code(text)
    except ValueError:
        return Code.SERVER_ERROR  # of a later release
