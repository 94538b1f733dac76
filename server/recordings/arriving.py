"""A body as it arrives, in blocks: who stops sending, or drips, is not waited for."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request

from app.domain.failures import Code, Rejected

BLOCK_LIMIT_S = 30.0
SLOWEST_BYTES_S = 4096  # over the whole body; a line that carries less carries no visit


async def blocks_of(request: Request) -> AsyncIterator[bytes]:
    """Rejected(MALFORMED) when it does not come to its end."""
    stream, now, count = request.stream(), asyncio.get_running_loop().time, 0
    began = now()
    try:
        while True:
            async with asyncio.timeout(BLOCK_LIMIT_S):
                block = await anext(stream, None)
            if block is None:
                return
            count += len(block)
            if now() - began > BLOCK_LIMIT_S + count / SLOWEST_BYTES_S:
                raise Rejected(Code.MALFORMED, "the file comes too slowly")
            yield block
    except (ClientDisconnect, TimeoutError) as error:
        raise Rejected(Code.MALFORMED, "the file ended before its end") from error
