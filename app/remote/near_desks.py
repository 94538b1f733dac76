"""Desks of one site that hear each other without the server: found, proven, then spoken with.

Two desks keep one connection, however often they find each other. What is said in a call is the
call's affair; nothing here is kept, and nobody is told of who has not proven themselves.
"""

import asyncio
import logging
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from pydantic import BaseModel, ValidationError
from websockets.asyncio.server import Server, ServerConnection, serve

from app.contract.near import NearPresence
from app.contract.signalling import Live, Signal
from app.domain.access import Role
from app.domain.changes import Json
from app.domain.clock import Clock
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.domain.near_words import NearFound, NearHeard, NearLive, NearLost, NearSignal
from app.domain.standing import SignedRevocation
from app.remote.near_door import Guests, listener_tls, open_door
from app.remote.near_line import (
    SOCKET_WORDS,
    GuestConnection,
    NearLine,
    dialled,
    tls_certificate_of,
)
from app.remote.near_presence import Neighbour, SitePresence, new_instance
from app.remote.near_proof import NearIdentity, OwnDesk, own_desk
from app.remote.prompt_connection import Place
from app.runtime.tasks import TaskOwner

log = logging.getLogger(__name__)

PAUSES_S = (0.2, 0.5, 1.0, 2.0)
UNTRUSTED_PAUSE_S = 10.0
STEADY_AFTER_S = 5.0
PRESENCE_AGAIN_S = 5.0
MOST_DIALLED_AT_ONCE = 8
MOST_WAITING = 256  # events; then the desks wait, and whoever does not stop speaking is cut off
BACKLOG = 16


class _Opening:
    """What there is between `open` and `close`."""

    def __init__(self, own: OwnDesk, clock: Clock, tasks: TaskOwner) -> None:
        self.own = own
        self.tasks = tasks
        self.lines: dict[DeviceId, NearLine] = {}
        self.dialling = 0
        self.guests = Guests(clock, self._dialled)
        self.tls, self.certificate = listener_tls(clock)
        self.instance = new_instance()
        self.neighbours: dict[str, Neighbour] = {}
        self.diallers: set[str] = set()
        self.dial_turns = asyncio.Semaphore(MOST_DIALLED_AT_ONCE)

    def _dialled(self) -> int:
        return self.dialling + sum(line.is_dialled for line in self.lines.values())


class NearDesks:
    """`interfaces`: own addresses to be found at, all when None; it listens at the first.

    `on_revocations` is called with what other desks knew of revoked devices and this one did not.
    """

    def __init__(
        self,
        clock: Clock,
        on_defect: Callable[[BaseException], None] | None = None,
        interfaces: Sequence[str] | None = None,
    ) -> None:
        self._clock = clock
        self._on_defect = on_defect
        self._interfaces = interfaces
        self._moving = asyncio.Lock()
        self._opening: _Opening | None = None
        self._server: Server | None = None
        self.port: int | None = None
        self._presence: NearPresence | None = None
        self._waiting: deque[NearHeard] = deque()
        self._has_some, self._has_room = asyncio.Event(), asyncio.Event()
        self._found: set[DeviceId] = set()  # as whoever listens knows it
        self._network = asyncio.Event()
        self.on_revocations: Callable[[tuple[SignedRevocation, ...]], object] = lambda told: None

    async def open(self, identity: NearIdentity) -> None:
        """Again with a renewed lease: it counts from the next connection on.

        Untrusted when no other desk could believe this identity; Unavailable without a port.
        """
        own = own_desk(identity)
        async with self._moving:
            now = self._opening
            if now is not None and (now.own.device, now.own.site) == (own.device, own.site):
                now.own = own.knowing(now.own.revocations)
                _cut_off_revoked(now)
                return
            await self._shut()
            await self._start(own)

    async def close(self) -> None:
        """Everybody who was found is lost; what was told of us is forgotten."""
        async with self._moving:
            await self._shut()

    async def _start(self, own: OwnDesk) -> None:
        opening = _Opening(own, self._clock, TaskOwner("near desks", self._on_defect))
        door = open_door(opening.guests, self._interfaces[0] if self._interfaces else None)

        async def greets(guest: ServerConnection) -> None:
            if self._opening is opening:
                await asyncio.wait([opening.tasks.start(self._host(opening, guest), "guest")])
            guest.transport.abort()
            await guest.wait_closed()

        try:
            self._server = await serve(
                greets,
                sock=door,
                ssl=opening.tls,
                backlog=BACKLOG,
                origins=[None],  # no page in a browser
                server_header=None,
                create_connection=GuestConnection,
                **SOCKET_WORDS,
            )
        except OSError as error:
            door.close()
            raise Unavailable(Code.PORT_TAKEN, "near") from error
        self.port = door.getsockname()[1]
        self._opening = opening
        opening.tasks.start_lasting(lambda: self._be_present(opening), "presence")

    async def _shut(self) -> None:
        opening, server = self._opening, self._server
        self._opening = self._server = self._presence = self.port = None
        if opening is None or server is None:
            return
        server.close(close_connections=False)
        await opening.tasks.close()
        opening.guests.see_out()
        await server.wait_closed()
        self._waiting.clear()
        self._has_room.set()
        for device in self._found:
            self._tell(NearLost(device))

    # --- who is near -----------------------------------------------------------------------------

    async def _be_present(self, opening: _Opening) -> None:
        def come(neighbour: Neighbour) -> None:
            opening.neighbours[neighbour.instance] = neighbour
            if neighbour.instance < opening.instance:  # of two the larger dials
                self._start_dialling(opening, neighbour.instance)

        def go(instance: str) -> None:
            opening.neighbours.pop(instance, None)

        while True:
            self._network.clear()
            try:
                async with SitePresence(
                    opening.own.site,
                    opening.instance,
                    self.port or 0,
                    on_come=come,
                    on_go=go,
                    interfaces=self._interfaces,
                ):
                    await self._network.wait()
            except OSError as error:
                log.info("near: not present (%s)", type(error).__name__)
                opening.instance = new_instance()  # somebody may have taken the other
                await self._network_or(PRESENCE_AGAIN_S)

    async def _network_or(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._network.wait()
        except TimeoutError:
            pass

    def network_changed(self) -> None:
        """Another address or route: be found there, too, and let go what leads nowhere."""
        self._network.set()
        if (opening := self._opening) is not None:
            for line in opening.lines.values():
                opening.tasks.start(_probe(line), "probe")

    def _start_dialling(self, opening: _Opening, instance: str) -> None:
        if instance not in opening.diallers:
            opening.diallers.add(instance)
            opening.tasks.start(self._keep_dialling(opening, instance), "dialler")

    async def _keep_dialling(self, opening: _Opening, instance: str) -> None:
        """As long as the neighbour is present."""
        tries = 0
        try:
            while (neighbour := opening.neighbours.get(instance)) is not None:
                began_s = self._clock.monotonic()
                places = [
                    place
                    for address in neighbour.addresses
                    for place in places_of(address, neighbour.port)
                ]
                async with opening.dial_turns:
                    reached = await self._reach(opening, places)
                if isinstance(reached, NearLine):
                    await reached.ended.wait()
                if self._clock.monotonic() - began_s > STEADY_AFTER_S:
                    tries = 0
                pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
                tries += 1
                is_false = isinstance(reached, Untrusted)
                await asyncio.sleep(UNTRUSTED_PAUSE_S if is_false else pause_s)
        finally:
            opening.diallers.discard(instance)

    # --- connections -----------------------------------------------------------------------------

    async def dial(self, host: str, port: int) -> None:
        """Until there is a proven connection with the desk at this IP address.

        Unavailable: nobody speaks there, or we are not open. Untrusted: it is no desk of ours.
        """
        if (opening := self._opening) is None:
            raise Unavailable(Code.PEER_AWAY, "near")
        trying = opening.tasks.start(self._reach(opening, places_of(host, port)), "dial")
        try:
            await asyncio.wait([trying])
        finally:
            trying.cancel()
        reached = None if trying.cancelled() else trying.result()
        if isinstance(reached, Failure):
            raise reached
        if reached is None:
            raise Unavailable(Code.PEER_AWAY, "near")

    async def _reach(self, opening: _Opening, places: list[Place]) -> NearLine | Failure:
        """The connection with whoever is there: this one, or the one that stood already."""
        if opening.guests.is_full:
            return Unavailable(Code.PEER_AWAY, "too many desks")
        opening.dialling += 1
        line = None
        try:
            line = NearLine(await dialled(places), opening.own)
            if await self._is_greeted(opening, line, tls_certificate_of(line.socket)):
                opening.tasks.start(self._converse(opening, line), "line")
                kept, line = line, None  # its own task ends it
                return kept
            far = line.meeting and opening.lines.get(line.meeting.far.device)
            return far or Unavailable(Code.PEER_AWAY, "near")
        except Failure as failure:
            _log(failure)
            return failure
        finally:
            opening.dialling -= 1
            if line is not None:
                await self._end(opening, line)

    async def _host(self, opening: _Opening, guest: ServerConnection) -> None:
        line = NearLine(guest, opening.own)
        try:
            is_greeted = await self._is_greeted(opening, line, opening.certificate)
        except Failure as failure:
            _log(failure)
            is_greeted = False
        if is_greeted:
            await self._converse(opening, line)
        else:
            await self._end(opening, line)

    async def _is_greeted(self, opening: _Opening, line: NearLine, certificate: bytes) -> bool:
        async def takes(proven: NearLine) -> bool:
            return await self._takes(opening, proven)

        return await line.greet(self._clock.now(), certificate, takes)

    async def _takes(self, opening: _Opening, line: NearLine) -> bool:
        """Whether this is now the one connection with its desk; an older one ends then."""
        device = line.far.device
        self._learn(opening, line.far.revocations)
        if not line.is_dialled:
            opening.guests.has_proven(line.place)
        while (old := opening.lines.get(device)) is not None:
            if _goes_before(line, old, opening.own.device.id):
                break
            if await old.answers():
                return False
            old.abort()
            if opening.lines.get(device) is old:
                break
        if old is not None:
            old.abort()
            line.is_found = old.is_found
        opening.lines[device] = line
        return True

    def _learn(self, opening: _Opening, told: tuple[SignedRevocation, ...]) -> None:
        before = opening.own
        opening.own = before.knowing(told)
        if news := tuple(one for one in opening.own.revocations if one not in before.revocations):
            self.on_revocations(news)
            _cut_off_revoked(opening)

    async def _converse(self, opening: _Opening, line: NearLine) -> None:
        """Not longer than the far desk's lease lasts."""
        teller = opening.tasks.start(self._tell_presence(line), "teller")
        try:
            async with asyncio.timeout((line.far.until - self._clock.now()).total_seconds()):
                await self._listen(opening, line)
        except TimeoutError:
            log.info("near: the lease of a desk has ended")
        except Failure as failure:
            _log(failure)
        finally:
            teller.cancel()
            await self._end(opening, line)

    async def _listen(self, opening: _Opening, line: NearLine) -> None:
        async with aclosing(line.words()) as words:
            async for word in words:
                while len(self._waiting) >= MOST_WAITING:
                    self._has_room.clear()
                    await self._has_room.wait()
                if opening.lines.get(line.far.device) is not line:
                    return  # a newer one speaks for this desk
                if (heard := _heard_of(word, line)) is not None:
                    self._tell(heard)

    async def _end(self, opening: _Opening, line: NearLine) -> None:
        if line.meeting is not None and opening.lines.get(line.far.device) is line:
            del opening.lines[line.far.device]
            if line.is_found:
                self._tell(NearLost(line.far.device))
        await line.end()

    # --- what is said ----------------------------------------------------------------------------

    def present(self, person: PersonId, name: str, role: Role, visit: VisitId | None) -> None:
        """Told to all proven desks, now and later; Rejected when it cannot be said."""
        try:
            self._presence = NearPresence(person=person, name=name, role=role, visit=visit)
        except ValidationError:
            raise Rejected(Code.MALFORMED, "presence") from None  # it would carry the name
        if self._opening is not None:
            for line in self._opening.lines.values():
                line.news.set()

    async def _tell_presence(self, line: NearLine) -> None:
        """The newest; one that a slow desk has not heard yet is left out."""
        while True:
            line.news.clear()
            try:
                if self._presence is not None:
                    await line.say(self._presence)
            except Unavailable:
                line.abort()
                return
            await line.news.wait()

    async def signal(
        self, device: DeviceId, visit: VisitId, link: LinkId, payload: dict[str, Json]
    ) -> None:
        """Unavailable: PEER_AWAY, TOO_LARGE."""
        await self._say(device, Signal(visit=visit, link=link, payload=payload))

    async def live(self, device: DeviceId, visit: VisitId, payload: dict[str, Json]) -> None:
        """Unavailable: PEER_AWAY, TOO_LARGE."""
        await self._say(device, Live(visit=visit, payload=payload))

    async def _say(self, device: DeviceId, word: BaseModel) -> None:
        line = None if self._opening is None else self._opening.lines.get(device)
        if line is None:
            raise Unavailable(Code.PEER_AWAY, "near")
        await line.say(word)

    async def events(self) -> AsyncGenerator[NearHeard, None]:
        """For one listener; goes on over `close` and `open`, ends only when its task is ended."""
        while True:
            while self._waiting:
                heard = self._waiting.popleft()
                self._has_room.set()
                if isinstance(heard, NearFound):
                    self._found.add(heard.device)
                elif isinstance(heard, NearLost):
                    self._found.discard(heard.device)
                yield heard
            self._has_some.clear()
            await self._has_some.wait()

    def _tell(self, heard: NearHeard) -> None:
        self._waiting.append(heard)
        self._has_some.set()


def places_of(host: str, port: int) -> list[Place]:
    """Of an IP address, which may name its interface; nothing when it is none."""
    try:
        found = socket.getaddrinfo(
            host,
            port,
            type=socket.SOCK_STREAM,
            proto=socket.IPPROTO_TCP,
            flags=socket.AI_NUMERICHOST,
        )
    except (OSError, UnicodeError):
        return []
    return [(family, address) for family, *_, address in found]


def _cut_off_revoked(opening: _Opening) -> None:
    for line in opening.lines.values():
        if any(one.counts_against(line.far.lease) for one in opening.own.revocations):
            line.abort()


async def _probe(line: NearLine) -> None:
    if not await line.answers():
        line.abort()


def _goes_before(new: NearLine, old: NearLine, own: DeviceId) -> bool:
    """Both sides must come to the same answer. Of two that one side dialled, that side knows which
    it wants; of two that both dialled, the one of the larger device stays.
    """
    if new.is_dialled == old.is_dialled:
        return not new.is_dialled
    return new.is_dialled == (own > new.far.device)


def _heard_of(word: NearPresence | Signal | Live, line: NearLine) -> NearHeard | None:
    """None: nothing new. Untrusted: a session description that is none."""
    device = line.far.device
    match word:
        case NearPresence():
            if word == line.heard:
                return None
            line.heard, line.is_found = word, True
            visit = None if word.visit is None else VisitId(word.visit)
            return NearFound(device, PersonId(word.person), word.name, word.role, visit)
        case Signal():
            if not all(isinstance(part, str) for part in word.payload.values()):
                raise Untrusted(Code.PEER_UNTRUSTED, "a session description that is none")
            return NearSignal(device, VisitId(word.visit), LinkId(word.link), word.payload)
        case Live():
            return NearLive(device, VisitId(word.visit), word.payload)


def _log(failure: Failure) -> None:
    """Its words are all ours."""
    log.info("near: a connection ended (%s)", failure)
