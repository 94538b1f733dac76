"""Signalling by the server's socket and, where that is missed, between two desks on one site.

A desk on the site counts only once it has proven that the same server enrolled it (app/remote); who
works there and in which visit is then its word. What it says of a visit is heard like the server's.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.clock import Clock
from app.domain.failures import Failure, Unavailable
from app.domain.fingerprints import can_be_vouched_for, fingerprints_in
from app.domain.ids import DeviceId, LinkId, VisitId
from app.domain.near_words import NearFound, NearHeard, NearLive, NearLost, NearSignal
from app.domain.people import Person
from app.domain.server_words import (
    Heard,
    LiveHeard,
    RoomHeard,
    SeatState,
    SignalHeard,
    SocketDown,
    SocketUp,
)
from app.runtime.tasks import TaskOwner
from app.services.ports import NearDesks, SignallingChannel

log = logging.getLogger(__name__)

NEAR_AFTER_S = 2.0  # a socket that is opened anew is no line that is gone
OPEN_AGAIN_S = 30.0
WAITING = 64


class SignallingWays:
    """Fulfils ports.SignallingChannel. `open_near` opens the desks on the site; False: this device
    has nothing to prove itself by.
    """

    def __init__(
        self,
        server: SignallingChannel,
        near: NearDesks,
        clock: Clock,
        *,
        device: DeviceId,
        role: Role,
        open_near: Callable[[], Awaitable[bool]],
    ) -> None:
        self._server = server
        self._near = near
        self._clock = clock
        self._device = device
        self._role = role
        self._open_near = open_near
        self._person: Person | None = None
        self._joined: VisitId | None = None
        self._joined_at = clock.now()
        self._is_server_up = False
        self._room: RoomHeard | None = None  # as the server told it last, of the joined visit
        self._found: dict[DeviceId, NearFound] = {}
        self._seats: dict[DeviceId, SeatState] = {}  # of desks on the site, in the joined visit
        self._is_open = False
        self._changed = asyncio.Event()
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(WAITING)

    def person_is(self, person: Person | None) -> None:
        """Who works here; without anybody no desk is told of this one."""
        if person != self._person:
            self._person = person
            self._present()

    # --- ports.SignallingChannel -----------------------------------------------------------

    async def events(self) -> AsyncGenerator[Heard, None]:
        try:
            async with TaskOwner("signalling ways") as tasks:
                tasks.start_lasting(self._hear_server, "server")
                tasks.start_lasting(self._hear_near, "desks on the site")
                tasks.start_lasting(self._keep_open, "open to the site")
                while True:
                    yield await self._heard.get()
        finally:
            self._is_open = False
            await self._near.close()  # also what was just being opened

    async def join(self, visit: VisitId) -> None:
        if visit != self._joined:
            self._joined, self._joined_at, self._room = visit, self._clock.now(), None
            self._seats = {
                found.device: self._seat_of(found)
                for found in self._found.values()
                if found.visit == visit
            }
            self._present()
            if self._seats:
                await self._tell_room()
        await self._server.join(visit)

    async def look(self, visit: VisitId) -> None:
        await self._server.look(visit)

    async def leave(self, visit: VisitId) -> None:
        if visit == self._joined:
            self._joined, self._room, self._seats = None, None, {}
            self._present()
        await self._server.leave(visit)

    def reaches(self, visit: VisitId) -> bool:
        return self._server.reaches(visit) or self._near_in(visit) is not None

    async def signal(self, visit: VisitId, link: LinkId, payload: dict[str, Json]) -> None:
        if (device := self._near_in(visit)) is not None:
            try:
                await self._near.signal(device, visit, link, payload)
                return
            except Unavailable:
                log.info("a desk on the site was not reached; the server is asked")
        await self._server.signal(visit, link, payload)

    async def live(self, visit: VisitId, payload: dict[str, Json]) -> None:
        if (device := self._near_in(visit)) is not None:
            try:
                await self._near.live(device, visit, payload)
                return
            except Unavailable:
                log.info("a desk on the site was not reached; the server is asked")
        await self._server.live(visit, payload)

    def _near_in(self, visit: VisitId) -> DeviceId | None:
        """Of the other role, connected, in that visit's call."""
        if visit != self._joined:
            return None
        return next(
            (
                found.device
                for found in self._found.values()
                if found.visit == visit and found.role is not self._role
            ),
            None,
        )

    # --- the server ------------------------------------------------------------------------

    async def _hear_server(self) -> None:
        async with aclosing(self._server.events()) as events:
            async for heard in events:
                await self._heard_server(heard)

    async def _heard_server(self, heard: Heard) -> None:
        match heard:
            case SocketUp():
                self._is_server_up = True
            case SocketDown():
                self._is_server_up, self._room = False, None
            case RoomHeard() if heard.visit == self._joined:
                self._room = heard
                self._changed.set()
                await self._tell_room()
                return
        self._changed.set()
        await self._heard.put(heard)

    # --- desks on the site -----------------------------------------------------------------

    async def _hear_near(self) -> None:
        async with aclosing(self._near.events()) as events:
            async for heard in events:
                await self._heard_near(heard)

    async def _heard_near(self, heard: NearHeard) -> None:
        match heard:
            case NearFound():
                await self._found_near(heard)
            case NearLost(device):
                await self._lost_near(device)
            case NearSignal():
                await self._signalled(heard)
            case NearLive():
                if self._is_seated(heard.device, heard.visit):
                    await self._heard.put(LiveHeard(heard.visit, heard.payload))

    async def _found_near(self, found: NearFound) -> None:
        self._found[found.device] = found
        had_seat = found.device in self._seats
        if self._joined is not None and found.visit == self._joined:
            self._seats[found.device] = self._seat_of(found)
        elif had_seat:
            del self._seats[found.device]  # they hung up
        if had_seat or found.device in self._seats:
            self._changed.set()
            await self._tell_room()

    async def _lost_near(self, device: DeviceId) -> None:
        self._found.pop(device, None)
        if (seat := self._seats.get(device)) is not None:
            self._seats[device] = replace(seat, is_connected=False)
            self._changed.set()
            await self._tell_room()

    async def _signalled(self, word: NearSignal) -> None:
        """Its way was proven to end at that desk: what came by it is vouched for."""
        fingerprints = fingerprints_in(word.payload.get("sdp"))
        is_text = all(isinstance(part, str) for part in word.payload.values())
        if not is_text or not can_be_vouched_for(fingerprints):
            log.warning("a session description that is none")
        elif self._is_seated(word.device, word.visit):
            await self._heard.put(SignalHeard(word.visit, word.link, word.payload, fingerprints))

    def _is_seated(self, device: DeviceId, visit: VisitId) -> bool:
        seat = self._seats.get(device)
        return visit == self._joined and seat is not None and seat.role is not self._role

    def _seat_of(self, found: NearFound) -> SeatState:
        before = self._seats.get(found.device)
        is_same = before is not None and before.is_connected and before.person == found.person
        since = before.since if before is not None and is_same else self._clock.now()
        return SeatState(found.device, found.person, found.name, found.role, True, since)

    async def _tell_room(self) -> None:
        """The server's, with whom it does not see; without the server, ours and theirs."""
        if self._joined is None:
            return
        seats: dict[DeviceId, SeatState] = {}
        if self._room is not None:
            seats = {seat.device: seat for seat in self._room.seats}
        elif self._person is not None:
            me = self._person
            seats[self._device] = SeatState(
                self._device, me.id, me.name, self._role, True, self._joined_at
            )
        for device, seat in self._seats.items():
            if device in seats and seat.is_connected:
                seats[device] = replace(seats[device], is_connected=True)
            elif seat.is_connected or self._room is None:
                seats.setdefault(device, seat)  # who is gone from both is gone
        await self._heard.put(RoomHeard(self._joined, tuple(seats.values())))

    # --- open or not -----------------------------------------------------------------------

    def _present(self) -> None:
        """Closed, the others are told at the next opening."""
        self._say_who_we_are()
        self._changed.set()

    def _say_who_we_are(self) -> None:
        person = self._person
        if person is None or not self._is_open:
            return
        try:
            self._near.present(person.id, person.name, self._role, self._joined)
        except Failure as failure:
            log.warning("desks on the site are not told who works here: %s", failure.code)

    @property
    def _is_wanted(self) -> bool:
        """Nobody is told of this desk while the server does what is needed."""
        if self._person is None:
            return False
        if not self._is_server_up:
            return True
        room = self._room.seats if self._room is not None else ()
        others = {seat.device: seat.is_connected for seat in room if seat.role is not self._role}
        for device, seat in self._seats.items():
            if seat.is_connected and not others.get(device) and seat.role is not self._role:
                return True  # the server does not see them, their line may still be away
        return bool(others) and not any(others.values())

    async def _keep_open(self) -> None:
        while True:
            self._changed.clear()
            pause_s: float | None = None
            if not self._is_wanted:
                await self._close_near()
            elif not self._is_open:
                await asyncio.sleep(NEAR_AFTER_S)
                pause_s = await self._open() if self._is_wanted else None
            try:
                async with asyncio.timeout(pause_s):
                    await self._changed.wait()
            except TimeoutError:
                pass

    async def _open(self) -> float | None:
        """After which pause it is tried again; None: it need not be."""
        try:
            self._is_open = await self._open_near()
            self._say_who_we_are()
        except Failure as failure:
            log.warning("not open to desks on the site: %s", failure.code)
        except OSError as error:
            log.warning("not open to desks on the site: %s", type(error).__name__)
        return None if self._is_open else OPEN_AGAIN_S

    async def _close_near(self) -> None:
        if self._is_open:
            self._is_open = False
            await self._near.close()
            for device in tuple(self._found):
                await self._lost_near(device)
