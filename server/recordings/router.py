"""HTTP of the files that records point to: ask, put, get, by the SHA-256 of their bytes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import FileResponse

from app.contract.uploads import LackingBody
from app.domain.failures import Code, Rejected
from server.auth import Auth, Caller
from server.recordings.arriving import blocks_of
from server.recordings.service import Recordings
from server.settings import FILE_MAX_BYTES

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
BYTES_TYPE = "application/octet-stream"


def add_file_routes(router: APIRouter, recordings: Recordings, auth: Auth) -> None:
    Who = Annotated[Caller, Depends(auth)]

    @router.head("/v1/files/{sha256}")
    async def ask(sha256: Sha256, who: Who) -> Response:
        count = await recordings.has_file(sha256, who)
        return Response(headers={"Content-Length": str(count)}, media_type=BYTES_TYPE)

    @router.put("/v1/files/{sha256}")
    async def put(sha256: Sha256, who: Who, request: Request) -> Response:
        """In one piece, as desks of before do; whoever can, uploads in parts (/v1/uploads)."""
        said = request.headers.get("content-length", "0")
        if said.isdigit() and int(said) > FILE_MAX_BYTES:
            raise Rejected(Code.TOO_LARGE)
        is_new = await recordings.put_file(sha256, blocks_of(request), who)
        return Response(status_code=201 if is_new else 204)

    @router.get("/v1/files/{sha256}")
    async def get(sha256: Sha256, who: Who) -> FileResponse:
        """Whole, or the range that is asked for."""
        path = await recordings.file_for(sha256, who)
        return FileResponse(path, media_type=BYTES_TYPE, headers={"ETag": f'"{sha256}"'})

    @router.post("/v1/lacking-files")
    async def tell_lacking(body: LackingBody, who: Who) -> LackingBody:
        return LackingBody(files=await recordings.lacking(body.files, who))
