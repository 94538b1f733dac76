"""Reads something again when asked, never twice at once, and once more if asked meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

from app.runtime.tasks import TaskOwner


class Rereading:
    """Many questions while one reading runs lead to one further reading."""

    def __init__(self, read: Callable[[], Awaitable[None]], tasks: TaskOwner) -> None:
        self._read = read
        self._tasks = tasks
        self._asked = asyncio.Event()

    def start(self) -> None:
        self._tasks.start_lasting(self._run, "reread")

    def ask(self) -> None:
        self._asked.set()

    async def _run(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._read()
            except BaseException:
                self._asked.set()  # what was asked for is still unread
                raise
