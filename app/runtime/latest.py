"""One place between a thread and the loop: one item waits, the newest wins."""

import asyncio
import threading
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


class LatestSlot(Generic[ItemT]):
    """`put` from any thread, `take` on the loop. What was not taken in time is replaced."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._item: ItemT | None = None
        self._is_full = False
        self._ready = asyncio.Event()
        self.replaced = 0

    def put(self, item: ItemT) -> None:
        with self._lock:
            was_full, self._item, self._is_full = self._is_full, item, True
            if was_full:
                self.replaced += 1
        if not was_full:  # the loop is woken once per item taken, not once per item put
            self._loop.call_soon_threadsafe(self._ready.set)

    async def take(self) -> ItemT:
        await self._ready.wait()
        with self._lock:
            item = self._item
            self._item, self._is_full = None, False
            self._ready.clear()
        assert item is not None
        return item
