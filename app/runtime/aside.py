"""Work that would hold the loop goes to a thread; what takes a moment does not."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")

MOMENT_BYTES = 64 * 1024  # packed, unpacked or hashed in less than a millisecond


async def aside(size_bytes: int, work: Callable[[], ResultT]) -> ResultT:
    return work() if size_bytes < MOMENT_BYTES else await asyncio.to_thread(work)
