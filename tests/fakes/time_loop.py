"""A loop whose waiting costs nothing: with nothing to do it moves its time to the next timer.

Work on threads passes in real time, of which only a share counts, so that a slow machine is not one
that comes too late; while some is outstanding, no timer is brought forward.
"""

import asyncio
import selectors
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

MORNING = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
REAL_TIME_COUNTS = 0.2


class TimeLoop(asyncio.SelectorEventLoop):
    """`outstanding` counts what works for us on other threads."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self.ahead_s = 0.0
        self.outstanding = 0
        super().__init__(_Jumping(self))

    def time(self) -> float:
        real_s = time.monotonic() - self._began_s
        return self._began_s + REAL_TIME_COUNTS * real_s + self.ahead_s

    def run_in_executor(  # type: ignore[override]  # typeshed asks for its own type variables
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self.outstanding += 1
        future.add_done_callback(self._one_less)
        return future

    def _one_less(self, _: object) -> None:
        self.outstanding -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """The end of threads is waited for in real time; since Python 3.12 there is a limit."""
        with self.in_real_time():
            if sys.version_info >= (3, 12):
                await super().shutdown_default_executor(timeout)
            else:
                await super().shutdown_default_executor()

    @contextmanager
    def in_real_time(self) -> Iterator[None]:
        """Something outside works for us: nothing is brought forward meanwhile."""
        self.outstanding += 1
        try:
            yield
        finally:
            self.outstanding -= 1


class _Jumping(selectors.DefaultSelector):
    """Instead of waiting for a timer, puts the loop's time forward to it."""

    def __init__(self, loop: TimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        loop = self._loop
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if loop.outstanding:
            return super().select(timeout / REAL_TIME_COUNTS)
        found = super().select(0)
        if not found:
            loop.ahead_s += timeout
        return found


class LoopClock:
    """The services' clock, on the loop's own time; the wall clock may be off by `wrong_by`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wrong_by: timedelta = timedelta()) -> None:
        self._loop = loop
        self._began = loop.time()
        self.wrong_by = wrong_by

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.monotonic()) + self.wrong_by

    def monotonic(self) -> float:
        return self._loop.time() - self._began

    async def passes(self, seconds: float) -> None:
        """So much time goes by; everything that is due in it happens."""
        await asyncio.sleep(seconds)


async def settled(turns: int = 30) -> None:
    """What is already on its way on this loop arrives; no time passes."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(holds: Callable[[], object], limit_s: float = 60.0) -> None:
    """Wait, in the loop's time, until `holds()` is true; TimeoutError when it never is."""
    pause_s = 0.01
    async with asyncio.timeout(limit_s):
        while not holds():
            await asyncio.sleep(pause_s)
            pause_s = min(0.2, 1.2 * pause_s)
