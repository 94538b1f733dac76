"""A signalling socket that is up or down as a test says, and remembers what was said on it."""

import asyncio
from collections.abc import AsyncGenerator

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.clock import Clock
from app.domain.failures import Code, Unavailable
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId, new_id
from app.domain.server_words import Heard, RoomHeard, SeatState, SocketDown, SocketUp

WAITING = 1000


class FakeChannel:
    """Fulfils ports.SignallingChannel."""

    def __init__(self) -> None:
        self.is_up = False
        self.said: list[tuple[object, ...]] = []
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(WAITING)

    # --- what a test does ------------------------------------------------------------------

    def goes_up(self) -> None:
        self.is_up = True
        self.hears(SocketUp())

    def goes_down(self, code: Code = Code.SERVER_UNREACHABLE) -> None:
        self.is_up = False
        self.hears(SocketDown(code))

    def hears(self, word: Heard) -> None:
        self._heard.put_nowait(word)

    def said_of(self, kind: str) -> list[tuple[object, ...]]:
        return [words for words in self.said if words[0] == kind]

    # --- ports.SignallingChannel -------------------------------------------------------------

    async def events(self) -> AsyncGenerator[Heard, None]:
        while True:
            yield await self._heard.get()

    async def join(self, visit: VisitId) -> None:
        self._say("join", visit)

    async def look(self, visit: VisitId) -> None:
        self._say("look", visit)

    async def leave(self, visit: VisitId) -> None:
        self._say("leave", visit)

    def reaches(self, visit: VisitId) -> bool:
        return self.is_up

    async def signal(self, visit: VisitId, link: LinkId, payload: dict[str, Json]) -> None:
        self._say("signal", visit, link, payload)

    async def live(self, visit: VisitId, payload: dict[str, Json]) -> None:
        self._say("live", visit, payload)

    def _say(self, *words: object) -> None:
        if not self.is_up:
            raise Unavailable(Code.SERVER_UNREACHABLE)
        self.said.append(words)


def seat(
    role: Role, clock: Clock, *, device: DeviceId | None = None, is_connected: bool = True
) -> SeatState:
    return SeatState(
        device=device or DeviceId(new_id()),
        person=PersonId(new_id()),
        name=f"The {role}",
        role=role,
        is_connected=is_connected,
        since=clock.now(),
    )


def room(visit: VisitId, *seats: SeatState) -> RoomHeard:
    return RoomHeard(visit, seats)
