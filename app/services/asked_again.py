"""Work that may stay to be done: looked for whenever something was kept, and once a minute."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.domain.failures import Failure
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 60.0  # a reader may have held the log, the disk may have been away


class AskedAgain:
    """`work` does what is due. Its Failure is told as `undone`, and it is asked again."""

    def __init__(
        self, name: str, acts: Acts, work: Callable[[], Awaitable[None]], undone: str
    ) -> None:
        self._name, self._work, self._undone = name, work, undone
        self._asked = asyncio.Event()
        self._tasks = TaskOwner(name)
        self._stop_listening = acts.revision.listen(lambda _: self._asked.set())

    def start(self) -> None:
        self._tasks.start_lasting(self._run, self._name)

    async def close(self) -> None:
        self._stop_listening()
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            self._asked.clear()
            try:
                await self._work()
            except Failure as failure:
                log.error("%s: %s", self._undone, failure.code)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN_S):
                    await self._asked.wait()
