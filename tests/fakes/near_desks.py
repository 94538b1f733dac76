"""Desks on the site that come and go as a test says; remembers what they were told."""

import asyncio
from collections.abc import AsyncGenerator

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.failures import Code, Unavailable
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.domain.near_words import NearHeard

WAITING = 100


class FakeNearDesks:
    """Fulfils ports.NearDesks. `can_prove` False: this device has no lease to show."""

    def __init__(self) -> None:
        self.is_open = False
        self.can_prove = True
        self.opened = 0
        self.away: set[DeviceId] = set()
        self.presented: list[tuple[PersonId, VisitId | None]] = []
        self.said: list[tuple[object, ...]] = []
        self._heard: asyncio.Queue[NearHeard] = asyncio.Queue(WAITING)

    async def open(self) -> bool:
        self.is_open = self.can_prove
        self.opened += 1
        return self.can_prove

    def hears(self, word: NearHeard) -> None:
        self._heard.put_nowait(word)

    # --- ports.NearDesks -----------------------------------------------------------------------

    async def events(self) -> AsyncGenerator[NearHeard, None]:
        while True:
            yield await self._heard.get()

    def present(self, person: PersonId, name: str, role: Role, visit: VisitId | None) -> None:
        self.presented.append((person, visit))

    async def signal(
        self, device: DeviceId, visit: VisitId, link: LinkId, payload: dict[str, Json]
    ) -> None:
        self._say(device, "signal", visit, link, payload)

    async def live(self, device: DeviceId, visit: VisitId, payload: dict[str, Json]) -> None:
        self._say(device, "live", visit, payload)

    async def close(self) -> None:
        self.is_open = False

    def _say(self, device: DeviceId, *words: object) -> None:
        if device in self.away or not self.is_open:
            raise Unavailable(Code.PEER_AWAY)
        self.said.append((device, *words))
