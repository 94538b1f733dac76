"""Care for the store while nobody needs it: its pages checked, a good copy kept, old records gone.

Damage is told as soon as it is found and nothing more is copied; what to do about it is a person's
to say, when the program starts again.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.audit import Act
from app.domain.failures import Code, Unavailable, Untrusted
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts

log = logging.getLogger(__name__)

# One step is some milliseconds of work: 1 MiB. A round over 100 MiB takes a minute.
STEP_EVERY_S = 0.5
ROUND_EVERY_S = 3600.0
AFTER_START_S = 30.0  # whoever opens the program wants something else first
SNAPSHOT_EVERY_S = 24 * 3600.0


class StoreUpkeep(Protocol):
    """What the store offers for its own care."""

    async def check_step(self) -> bool:
        """The next few pages; whether that ended a round. Untrusted(STORE_DAMAGED)."""
        ...

    async def compact_journal(self) -> bool: ...
    async def make_snapshot(self) -> None: ...
    def snapshot_age_s(self) -> float | None: ...
    async def retire(self, before: datetime) -> int:
        """Shred patients who are confirmed and due; how many went."""
        ...


@dataclass(frozen=True, slots=True)
class CareState:
    """`put_back`: changes that only the journal had when the store was opened."""

    damage: Code | None = None
    checked_at: datetime | None = None  # when a whole round last found every page good
    put_back: int = 0
    was_begun_anew: bool = False


class StoreCare:
    """`keep_for` None: records stay until the server says otherwise. `is_busy`: a call runs."""

    def __init__(
        self,
        *,
        upkeep: StoreUpkeep | None,
        acts: Acts,
        is_busy: Callable[[], bool],
        keep_for: timedelta | None = None,
        put_back: int = 0,
        was_begun_anew: bool = False,
    ) -> None:
        self._upkeep = upkeep
        self._acts = acts
        self._is_busy = is_busy
        self._keep_for = keep_for
        self._tasks = TaskOwner("store care")
        self.state: Broadcast[CareState] = Broadcast(
            CareState(put_back=put_back, was_begun_anew=was_begun_anew)
        )

    def start(self) -> None:
        if self._upkeep is not None:
            self._tasks.start_lasting(self._run, "store care")

    async def close(self) -> None:
        await self._tasks.close()

    async def _run(self) -> None:
        assert self._upkeep is not None
        await self._note_opening()
        await asyncio.sleep(AFTER_START_S)
        while self.state.value.damage is None:
            pause = STEP_EVERY_S
            try:
                if not self._is_busy() and await self._upkeep.check_step():
                    await self._end_round(self._upkeep)
                    pause = ROUND_EVERY_S
            except Unavailable as away:  # a full disk: the next round may find room
                log.warning("the store's care waits: %s", away.code)
                pause = ROUND_EVERY_S
            except Untrusted as damage:
                await self._tell_damage(damage.code)
            await asyncio.sleep(pause)

    async def _note_opening(self) -> None:
        """What a person did about a damaged store, or the journal did by itself, is an act."""
        state = self.state.value
        if state.was_begun_anew:
            await self._acts.note(self._acts.event(Act.STORE_BEGUN_ANEW))
        elif state.put_back:
            await self._acts.note(self._acts.event(Act.STORE_RESTORED))

    async def _end_round(self, upkeep: StoreUpkeep) -> None:
        now = self._acts.clock.now()
        self.state.tell(replace(self.state.value, checked_at=now))
        await upkeep.compact_journal()
        if self._keep_for is not None and (gone := await upkeep.retire(now - self._keep_for)):
            log.info("patients whose time here was over: %d", gone)
            await self._acts.note(self._acts.event(Act.RECORDS_RETIRED))
        age_s = upkeep.snapshot_age_s()
        if age_s is None or not 0 <= age_s < SNAPSHOT_EVERY_S:
            await upkeep.make_snapshot()

    async def _tell_damage(self, code: Code) -> None:
        log.error("the store was found damaged: %s", code)
        self.state.tell(replace(self.state.value, damage=code))
        try:
            await self._acts.note(self._acts.event(Act.STORE_FOUND_DAMAGED, code=code))
        except (Unavailable, Untrusted) as failure:  # the very page that the event would go to
            log.error("that it is damaged could not be noted: %s", failure.code)
