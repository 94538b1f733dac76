"""Hands what the server lends for relaying on to the media process, and again to the next one."""

import logging
from dataclasses import replace

from app.domain.failures import Failure
from app.domain.relays import RelayAccess
from app.runtime.tasks import TaskOwner
from app.services.ports import CallEngine, RelaysHeard
from app.services.switchboard import Switchboard

log = logging.getLogger(__name__)


class Relays:
    """`authority`: file of the CA for relays by TLS, the one that vouches for the server."""

    def __init__(
        self, *, engine: CallEngine, switchboard: Switchboard, authority: str | None
    ) -> None:
        self._engine = engine
        self._authority = authority
        self._access: RelayAccess | None = None
        self._tasks = TaskOwner("relays")
        switchboard.on(RelaysHeard, self._heard)

    async def close(self) -> None:
        await self._tasks.close()

    def heard_attached(self, _: object) -> None:
        """A media process that knows of none yet."""
        if self._access is not None:
            self._tasks.start(self._hand_on(self._access), "relays")

    def _heard(self, word: RelaysHeard) -> None:
        self._access = replace(word.access, authority=self._authority)
        self._tasks.start(self._hand_on(self._access), "relays")

    async def _hand_on(self, access: RelayAccess) -> None:
        try:
            await self._engine.use_relays(access)
        except Failure as failure:
            log.info("relays are told when the media process is there: %s", failure.code)
