"""Ends a program that was started for us, and takes what it still said, so that nothing is left."""

import asyncio
import logging
from contextlib import suppress

log = logging.getLogger(__name__)

LIMIT_S = 1.0


async def end(process: asyncio.subprocess.Process) -> None:
    """Killed, and its pipes closed; one that the system cannot end is left behind."""
    with suppress(ProcessLookupError):
        process.kill()
    try:
        async with asyncio.timeout(LIMIT_S):
            await process.communicate()
    except TimeoutError:
        log.error("a program that was killed does not end")
