"""HTTP of the files that recordings point to: ask, put, get, by the SHA-256 of their bytes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import FileResponse
from starlette.requests import ClientDisconnect

from app.domain.failures import Code, Rejected
from server.auth import Auth, Caller
from server.recordings.service import Recordings
from server.settings import FILE_MAX_BYTES

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
BLOCK_LIMIT_S = 30.0
SLOWEST_BYTES_S = 4096  # over the whole file; a line that carries less carries no visit
BYTES_TYPE = "application/octet-stream"


def recordings_router(recordings: Recordings, auth: Auth) -> APIRouter:
    router = APIRouter(prefix="/v1/files")
    Who = Annotated[Caller, Depends(auth)]

    @router.head("/{sha256}")
    async def ask(sha256: Sha256, who: Who) -> Response:
        count = await recordings.has_file(sha256, who)
        return Response(headers={"Content-Length": str(count)}, media_type=BYTES_TYPE)

    @router.put("/{sha256}")
    async def put(sha256: Sha256, who: Who, request: Request) -> Response:
        said = request.headers.get("content-length", "0")
        if said.isdigit() and int(said) > FILE_MAX_BYTES:
            raise Rejected(Code.TOO_LARGE)
        is_new = await recordings.put_file(sha256, _blocks(request), who)
        return Response(status_code=201 if is_new else 204)

    @router.get("/{sha256}")
    async def get(sha256: Sha256, who: Who) -> FileResponse:
        return FileResponse(await recordings.file_for(sha256, who), media_type=BYTES_TYPE)

    return router


async def _blocks(request: Request) -> AsyncIterator[bytes]:
    """The body as it arrives; who stops sending, or drips, is not waited for."""
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
