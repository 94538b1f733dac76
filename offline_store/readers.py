"""Two threads that only read, each with a connection of its own: no long look holds up a write.

A look sees everything that was committed before it was asked for. The connections are opened when
they are first needed.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from app.domain.failures import Code, Unavailable
from offline_store.connection import Connection, connect, failures_named, keep_working_set
from offline_store.unit_of_work import UnitOfWork

ResultT = TypeVar("ResultT")

READERS = 2


class Reader:
    """One thread and its connection."""

    def __init__(self, path: Path, key: bytes, number: int) -> None:
        self._path, self._key = path, key
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"store reader {number}")
        self._connection: Connection | None = None

    async def run(self, work: Callable[[Connection], ResultT]) -> ResultT:
        """`work` in one read transaction, on this thread."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, lambda: self._look(work)
        )

    def _look(self, work: Callable[[Connection], ResultT]) -> ResultT:
        with failures_named(self._path):
            connection = self._opened()
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("ROLLBACK")

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._path, self._key)
            self._connection.execute("PRAGMA query_only = ON")
            keep_working_set(self._connection, self._path)
        return self._connection

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._close)
        self._executor.shutdown()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Readers:
    """Whoever asks gets the next reader that is free; Unavailable(STORE_RESTS) once closed."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._free: asyncio.LifoQueue[Reader | None] = asyncio.LifoQueue()
        for number in range(1, READERS + 1):
            self._free.put_nowait(Reader(path, key, number))

    async def look(self, work: Callable[[UnitOfWork], ResultT]) -> ResultT:
        return await self.run(lambda connection: work(UnitOfWork.on(connection)))

    async def run(self, work: Callable[[Connection], ResultT]) -> ResultT:
        reader = await self._free.get()
        if reader is None:
            self._free.put_nowait(None)  # whoever else waits is told, too
            raise Unavailable(Code.STORE_RESTS)
        try:
            return await reader.run(work)
        finally:  # also of one who waits no longer: the next work stands behind theirs
            self._free.put_nowait(reader)

    async def close(self) -> None:
        """Each when its work is done."""
        for _ in range(READERS):
            reader = await self._free.get()
            if reader is not None:
                await reader.close()
        self._free.put_nowait(None)
