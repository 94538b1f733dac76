"""Listens to the media process and hands its words to the services that asked for them."""

from collections.abc import Callable
from typing import Any

from app.runtime.tasks import TaskOwner
from app.services.dispatch import Dispatch
from app.services.ports import CallEngine


class EngineRoom:
    def __init__(self, engine: CallEngine) -> None:
        self._engine = engine
        self._dispatch = Dispatch()
        self._tasks = TaskOwner("engine room")

    def on(self, kind: type[Any], handler: Callable[[Any], None]) -> None:
        self._dispatch.on(kind, handler)

    def start(self) -> None:
        """Called when every handler is there: the first words come at once."""
        self._tasks.start_lasting(self._listen, "listen")

    async def close(self) -> None:
        await self._tasks.close()

    async def _listen(self) -> None:
        async for word in self._engine.events():
            self._dispatch.hear(word)
