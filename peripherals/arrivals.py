"""What came from a device and waits for the loop, in ports without a thread of their own."""

import asyncio
from collections import deque

from app.domain.failures import Code, Unavailable
from peripherals.byte_port import Chunk

WAITING_CHUNKS = 512


class Arrivals:
    """Bounded: when it is full, that is told as an overrun once all before it is taken."""

    def __init__(self) -> None:
        self._chunks: deque[Chunk] = deque()
        self._lost: Unavailable | None = None
        self._news = asyncio.Event()

    def put(self, chunk: Chunk) -> None:
        if self._lost is None and len(self._chunks) >= WAITING_CHUNKS:
            self.end(Unavailable(Code.OVERRUN, "bytes were not taken"))
        if self._lost is None:
            self._chunks.append(chunk)
        self._news.set()

    def end(self, lost: Unavailable) -> None:
        self._lost = self._lost or lost
        self._news.set()

    async def take(self, limit_s: float) -> Chunk | None:
        try:
            async with asyncio.timeout(limit_s):
                while not self._chunks:
                    if self._lost is not None:
                        raise self._lost
                    self._news.clear()
                    await self._news.wait()
                return self._chunks.popleft()
        except TimeoutError:
            return None
