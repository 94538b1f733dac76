"""Locks the screen when nobody has touched it for a while; nothing of any patient stays in view.

Never while a call runs, an instrument measures, or something would be lost. What was shown leaves
the memory of the services that show it, and the store rests; after the unlocking all is read again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from app.domain.clock import Clock
from app.domain.failures import Failure
from app.runtime.tasks import TaskOwner
from app.services.sign_in import SignIn, SignInPhase, SignInState

log = logging.getLogger(__name__)

LOOK_EVERY_S = 5.0


class Shows(Protocol):
    """Holds what a screen shows."""

    def cover(self) -> None:
        """Nothing of it stays in memory."""
        ...

    def uncover(self) -> None:
        """Read again."""
        ...


class IdleLock:
    """`after_s` None: never by itself. `is_busy`: whoever is there may have no hand free.

    `rest` closes the store, `stay_awake` lets it be opened again and stay so.
    """

    def __init__(
        self,
        *,
        sign_in: SignIn,
        clock: Clock,
        after_s: float | None,
        is_busy: Callable[[], bool],
        shown: tuple[Shows, ...],
        rest: Callable[[], Awaitable[None]],
        stay_awake: Callable[[], None],
    ) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._after_s = after_s
        self._is_busy = is_busy
        self._shown = shown
        self._rest, self._stay_awake = rest, stay_awake
        self._is_covered = False
        self._touched_at = clock.monotonic()
        self._tasks = TaskOwner("idle lock")
        self._stop_listening = sign_in.state.listen(self._person_changed)

    def start(self) -> None:
        if self._after_s is not None:
            self._tasks.start_lasting(self._run, "idle lock")

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    def touched(self) -> None:
        """Somebody is there."""
        self._touched_at = self._clock.monotonic()

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._is_busy() or self._sign_in.state.value.phase is not SignInPhase.SIGNED_IN:
                self.touched()  # the time begins when both are over
            elif self._after_s is not None and self._idle_s() >= self._after_s:
                await self._lock()

    def _idle_s(self) -> float:
        return self._clock.monotonic() - self._touched_at

    async def _lock(self) -> None:
        try:
            await self._sign_in.lock(was_idle=True)
        except Failure as failure:  # it is locked; only the audit could not be written
            log.error("that the screen locked itself is not in the audit: %s", failure.code)
        self._is_covered = True
        for one in self._shown:
            one.cover()
        await self._rest()

    def _person_changed(self, state: SignInState) -> None:
        if self._is_covered and state.phase is not SignInPhase.LOCKED:
            self._is_covered = False
            self._stay_awake()
            for one in self._shown:
                one.uncover()
