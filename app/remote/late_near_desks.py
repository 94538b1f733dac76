"""The desks on the site, whose code is read when the server is first missed.

Listening, being found and proving need seventy modules that most days never need: read with the
program they make reading it a tenth longer.
"""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Protocol

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.clock import Clock
from app.domain.failures import Code, Unavailable
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.domain.near_words import NearHeard
from app.domain.server_words import DeviceCredentials
from app.domain.standing import SignedRevocation

DESKS = "app.remote.near_desks"


class Desks(Protocol):
    """What is used of near_desks.NearDesks, which must not be named here to be read late."""

    on_revocations: Callable[[tuple[SignedRevocation, ...]], object]

    async def open(self, identity: Any) -> None: ...
    async def close(self) -> None: ...
    def network_changed(self) -> None: ...
    def events(self) -> AsyncGenerator[NearHeard, None]: ...
    def present(self, person: PersonId, name: str, role: Role, visit: VisitId | None) -> None: ...
    async def signal(
        self, device: DeviceId, visit: VisitId, link: LinkId, payload: dict[str, Json]
    ) -> None: ...
    async def live(self, device: DeviceId, visit: VisitId, payload: dict[str, Json]) -> None: ...


class LateNearDesks:
    """Fulfils ports.NearDesks. Until it is opened nobody is heard, and nobody is told anything."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._desks: Desks | None = None
        self._is_read = asyncio.Event()
        self.on_revocations: Callable[[tuple[SignedRevocation, ...]], object] = lambda told: None

    async def open(
        self, device: DeviceCredentials, certificate: str, lease: str, revocations: tuple[str, ...]
    ) -> None:
        """As NearDesks.open with this NearIdentity; the first time it is read, on a thread."""
        module: Any = await asyncio.to_thread(importlib.import_module, DESKS)
        if self._desks is None:
            desks: Desks = module.NearDesks(self._clock)
            desks.on_revocations = lambda told: self.on_revocations(told)
            self._desks = desks
            self._is_read.set()
        await self._desks.open(module.NearIdentity(device, certificate, lease, revocations))

    async def close(self) -> None:
        if self._desks is not None:
            await self._desks.close()

    def network_changed(self) -> None:
        if self._desks is not None:
            self._desks.network_changed()

    # --- ports.NearDesks -------------------------------------------------------------------

    async def events(self) -> AsyncGenerator[NearHeard, None]:
        await self._is_read.wait()
        assert self._desks is not None
        async with aclosing(self._desks.events()) as events:
            async for heard in events:
                yield heard

    def present(self, person: PersonId, name: str, role: Role, visit: VisitId | None) -> None:
        """Before it is open there is nobody to tell; whoever opens says it again."""
        if self._desks is not None:
            self._desks.present(person, name, role, visit)

    async def signal(
        self, device: DeviceId, visit: VisitId, link: LinkId, payload: dict[str, Json]
    ) -> None:
        await self._read().signal(device, visit, link, payload)

    async def live(self, device: DeviceId, visit: VisitId, payload: dict[str, Json]) -> None:
        await self._read().live(device, visit, payload)

    def _read(self) -> Desks:
        if self._desks is None:
            raise Unavailable(Code.PEER_AWAY, "near")
        return self._desks
