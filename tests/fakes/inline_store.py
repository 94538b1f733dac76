"""The real store in memory, its transactions on the loop's own thread: every promise, no waiting.

For tests whose time is moved by hand. What threads do is the business of tests/store.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from app.domain.failures import Code, Unavailable
from offline_store.connection import connect
from offline_store.database import OfflineStore, Worker
from offline_store.key_wrapping import KEY_BYTES
from offline_store.migrate import migrate
from offline_store.recordings import RecordingsInMemory

ResultT = TypeVar("ResultT")


class HereAndNow(Worker):
    """A worker without a thread. `is_full` makes every transaction fail as a full disk does.

    `takes_s`: how long each takes, in the loop's time; one after the other, as on the one thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_full = False
        self.takes_s = 0.0
        self._in_turn = asyncio.Lock()

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        async with self._in_turn:
            await asyncio.sleep(self.takes_s)  # others have their turn, as while a thread works
            return self._done(work)

    def _done(self, work: Callable[[], ResultT]) -> ResultT:
        if self.is_full:
            raise Unavailable(Code.STORE_FULL)
        return work()


class InlineStore(OfflineStore):
    """`worker.is_full = True` and nothing can be written or read."""

    def __init__(self) -> None:
        connection = connect(None, os.urandom(KEY_BYTES))
        migrate(connection)
        self.worker = HereAndNow()
        recordings = RecordingsInMemory()
        self.files = recordings._files
        super().__init__(connection, self.worker, recordings)


@contextmanager
def inline_store() -> Iterator[InlineStore]:
    store = InlineStore()
    try:
        yield store
    finally:
        store._connection.close()
        store.worker.close()
