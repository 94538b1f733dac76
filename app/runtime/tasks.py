"""The only caller of asyncio.create_task: whoever starts a task owns it and sees it fail."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

log = logging.getLogger(__name__)

CLOSE_LIMIT_S = 5.0
AGAIN_PAUSES_S = (0.0, 0.2, 1.0, 5.0)  # a lasting task that fails again and again
STEADY_AFTER_S = 10.0


def _seen(task: asyncio.Task[Any]) -> None:
    """It was told when it failed; asyncio would tell it again, with the exception's text."""
    if not task.cancelled():
        task.exception()


class TaskOwner:
    """Owns the tasks of one object. `on_defect`, else the loop, is told of what nobody foresaw."""

    def __init__(self, name: str, on_defect: Callable[[BaseException], None] | None = None) -> None:
        self._name = name
        self._on_defect = on_defect
        self._tasks: dict[asyncio.Task[Any], None] = {}  # in the order in which they began
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` until it ends or the owner closes. Must be called on the running loop."""
        if self._is_closed:
            work.close()
            raise RuntimeError(f"{self._name} is closed")
        task = asyncio.get_running_loop().create_task(self._run(work, name), name=name)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        task.add_done_callback(_seen)
        task.add_done_callback(lambda _: work.close())  # of a task cancelled before its first step
        return task

    def start_lasting(self, make: Callable[[], Coroutine[Any, Any, Any]], name: str) -> None:
        """For who listens: one that fails is told, and begun anew, until it ends by itself."""
        self.start(self._last(make, name), name)

    async def _last(self, make: Callable[[], Coroutine[Any, Any, Any]], name: str) -> None:
        tries = 0
        while True:
            began_s = time.monotonic()
            try:
                await make()
            except Exception as defect:
                self._tell(defect, name)
            else:
                return
            tries = 0 if time.monotonic() - began_s > STEADY_AFTER_S else tries
            await asyncio.sleep(AGAIN_PAUSES_S[min(tries, len(AGAIN_PAUSES_S) - 1)])
            tries += 1

    async def _run(self, work: Coroutine[Any, Any, Any], name: str) -> Any:
        try:
            return await work
        except asyncio.CancelledError:
            raise
        except Exception as defect:
            if self._tell(defect, name):
                return None
            raise

    def _tell(self, defect: Exception, name: str) -> bool:
        """Whether somebody of ours was told; else the loop was."""
        log.error("task %s of %s failed: %s", name, self._name, type(defect).__name__)
        if self._on_defect is not None:
            self._on_defect(defect)
            return True
        message = f"task {name} of {self._name} failed"
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": message, "exception": defect})
        return False

    async def close(self) -> None:
        """Cancel what runs and wait for it, at most CLOSE_LIMIT_S."""
        self._is_closed = True
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_LIMIT_S)
            for task in late:
                log.error("task %s of %s does not end", task.get_name(), self._name)
