"""Waits on the loop for what is about to be so, with a limit and without looking at a clock."""

import asyncio
from collections.abc import Callable


async def until(is_so: Callable[[], object], limit_s: float = 5.0) -> None:
    """One turn of the loop after the other."""
    async with asyncio.timeout(limit_s):
        while True:
            if is_so():
                return
            await asyncio.sleep(0)
