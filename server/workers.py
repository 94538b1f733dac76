"""A few threads for work that would hold the loop: hashing, reading the database, writing files."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from server.problems import Busy

ResultT = TypeVar("ResultT")


class Workers:
    """At most `threads` at once and `waiting` behind them; more is refused with Busy."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._bound = threads + waiting
        self._inside = 0

    async def run(self, work: Callable[[], ResultT]) -> ResultT:
        if self._inside >= self._bound:
            raise Busy
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Waits for what runs; what has not begun is given up."""
        self._executor.shutdown(wait=True, cancel_futures=True)
