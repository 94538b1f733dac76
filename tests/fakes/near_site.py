"""One network of a site between the desks of a story: who is open on it is found by the others."""

import asyncio
from collections.abc import AsyncGenerator

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.failures import Code, Unavailable
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.domain.near_words import NearFound, NearHeard, NearLive, NearLost, NearSignal

WAITING = 100


class NearSite:
    def __init__(self) -> None:
        self.open: dict[DeviceId, NearHere] = {}
        self.carried = 0  # signals


class NearHere:
    """Fulfils ports.NearDesks for one desk. `site` None: nobody else is there."""

    def __init__(self, device: DeviceId, site: NearSite | None) -> None:
        self._device = device
        self._site = site or NearSite()
        self._me: NearFound | None = None
        self._heard: asyncio.Queue[NearHeard] = asyncio.Queue(WAITING)

    async def open(self) -> bool:
        self._site.open[self._device] = self
        for other in self._others():
            if other._me is not None:
                self._heard.put_nowait(other._me)
        return True

    def _others(self) -> list["NearHere"]:
        return [desk for device, desk in self._site.open.items() if device != self._device]

    def _tell_all(self) -> None:
        if self._me is not None and self._device in self._site.open:
            for other in self._others():
                other._heard.put_nowait(self._me)

    # --- ports.NearDesks -----------------------------------------------------------------------

    async def events(self) -> AsyncGenerator[NearHeard, None]:
        while True:
            yield await self._heard.get()

    def present(self, person: PersonId, name: str, role: Role, visit: VisitId | None) -> None:
        self._me = NearFound(self._device, person, name, role, visit)
        self._tell_all()

    async def signal(
        self, device: DeviceId, visit: VisitId, link: LinkId, payload: dict[str, Json]
    ) -> None:
        self._site.carried += 1
        self._to(device, NearSignal(self._device, visit, link, payload))

    async def live(self, device: DeviceId, visit: VisitId, payload: dict[str, Json]) -> None:
        self._to(device, NearLive(self._device, visit, payload))

    def _to(self, device: DeviceId, word: NearHeard) -> None:
        if self._device not in self._site.open or device not in self._site.open:
            raise Unavailable(Code.PEER_AWAY)
        self._site.open[device]._heard.put_nowait(word)

    async def close(self) -> None:
        self._me = None
        if self._site.open.pop(self._device, None) is not None:
            for other in self._others():
                other._heard.put_nowait(NearLost(self._device))
