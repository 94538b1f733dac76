"""Short programs of ours: heard to their end, or ended, so that nothing of them is left."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from app.domain.failures import Code, Unavailable

log = logging.getLogger(__name__)

LIMIT_S = 4.0  # it is gone at once; to hear of it may take a busy machine its time


async def begun(*command: str, **wish: Any) -> asyncio.subprocess.Process:
    """As asyncio begins one; who is called off meanwhile leaves none behind."""
    starting = asyncio.gather(asyncio.create_subprocess_exec(*command, **wish))
    try:
        [process] = await asyncio.shield(starting)
    except asyncio.CancelledError:
        [process] = await starting
        await end(process)
        raise
    return process


async def all_said(process: asyncio.subprocess.Process, limit_s: float) -> bytes:
    """What it wrote until it ended; Unavailable(NO_SOUND_DEVICE) when that takes too long."""
    try:
        async with asyncio.timeout(limit_s):
            said, _ = await process.communicate()
    except TimeoutError as error:
        raise Unavailable(Code.NO_SOUND_DEVICE, "list") from error
    finally:
        if process.returncode is None:  # too late, or nobody wants to know any more
            await end(process)
        else:
            _close(process)
    return said


async def end(process: asyncio.subprocess.Process) -> None:
    """Killed, and its pipes closed; one that the system cannot end is left behind."""
    with suppress(ProcessLookupError):
        process.kill()
    try:
        async with asyncio.timeout(LIMIT_S):
            await process.communicate()
    except TimeoutError:
        log.error("a program that was killed does not end")
    finally:
        _close(process)


def _close(process: asyncio.subprocess.Process) -> None:
    """The loop would do it some turns later; at its own end there are none."""
    process._transport.close()  # type: ignore[attr-defined]  # typeshed leaves it out
