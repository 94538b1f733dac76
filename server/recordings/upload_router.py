"""HTTP of uploads in parts, by tus 1.0.0: creation, checksum and expiration."""

import base64
import binascii
import re
from collections.abc import Awaitable, Mapping
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from app.contract.uploads import (
    CHECKSUM_HEADER,
    EXPIRES_HEADER,
    LENGTH_HEADER,
    METADATA_HEADER,
    OFFSET_HEADER,
    PART_MAX_BYTES,
    PART_TYPE,
    TUS_ALGORITHMS,
    TUS_EXTENSIONS,
    TUS_VERSION,
    UPLOADS,
    VERSION_HEADER,
    count_in,
    metadata_in,
)
from app.domain.failures import Code, Failure, Rejected
from server.auth import Auth, Caller
from server.problems import problem, problem_of
from server.recordings.arriving import blocks_of
from server.recordings.incoming import Upload
from server.recordings.uploads import Checksum, Uploads
from server.settings import FILE_MAX_BYTES

Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
NAME = re.compile("[0-9a-f]{64}")
DIGEST_BYTES = {"sha256": 32, "sha1": 20}
OTHER_VERSION, OTHER_TYPE, BAD_HEADER = 412, 415, 400


def add_upload_routes(router: APIRouter, uploads: Uploads, auth: Auth) -> None:
    Who = Annotated[Caller, Depends(auth)]

    @router.options(UPLOADS)
    async def tell_abilities() -> Response:
        told = {
            "Tus-Version": TUS_VERSION,
            "Tus-Extension": TUS_EXTENSIONS,
            "Tus-Max-Size": str(FILE_MAX_BYTES),
            "Tus-Checksum-Algorithm": ",".join(TUS_ALGORITHMS),
        }
        return Response(status_code=204, headers={VERSION_HEADER: TUS_VERSION, **told})

    @router.post(UPLOADS, status_code=201)
    async def begin(who: Who, request: Request) -> Response:
        return await _in_tus(begun(who, request))

    @router.head(f"{UPLOADS}/{{sha256}}")
    async def ask(sha256: Sha256, who: Who, request: Request) -> Response:
        return await _in_tus(asked(sha256, who, request))

    @router.patch(f"{UPLOADS}/{{sha256}}", status_code=204)
    async def take(sha256: Sha256, who: Who, request: Request) -> Response:
        return await _in_tus(taken(sha256, who, request))

    async def begun(who: Caller, request: Request) -> Response:
        if (no := _refused(request)) is not None:
            return no
        try:
            sha256 = metadata_in(request.headers.get(METADATA_HEADER, ""))["sha256"]
            byte_count = count_in(request.headers, LENGTH_HEADER)
        except (KeyError, ValueError):
            return problem(Code.MALFORMED, BAD_HEADER)
        if not NAME.fullmatch(sha256):
            return problem(Code.MALFORMED, BAD_HEADER)
        upload = await uploads.begin(sha256, byte_count, who)
        return Response(
            status_code=201, headers={**_told(upload), "Location": f"{UPLOADS}/{sha256}"}
        )

    async def asked(sha256: str, who: Caller, request: Request) -> Response:
        if (no := _refused(request)) is not None:
            return no
        upload = await uploads.find(sha256, who)
        return Response(headers={**_told(upload), LENGTH_HEADER: str(upload.byte_count)})

    async def taken(sha256: str, who: Caller, request: Request) -> Response:
        if (no := _refused(request) or _refused_part(request)) is not None:
            return no
        try:
            offset = count_in(request.headers, OFFSET_HEADER)
            checksum = _checksum_in(request.headers)
        except ValueError:
            return problem(Code.MALFORMED, BAD_HEADER)
        upload = await uploads.take(sha256, offset, blocks_of(request), checksum, who)
        return Response(status_code=204, headers=_told(upload))


async def _in_tus(work: Awaitable[Response]) -> Response:
    """Each answer names the protocol, a refusal too."""
    try:
        answer = await work
    except Failure as failure:
        answer = problem_of(failure)
    answer.headers[VERSION_HEADER] = TUS_VERSION
    return answer


def _told(upload: Upload) -> dict[str, str]:
    expires = format_datetime(upload.expires_at, usegmt=True)
    return {OFFSET_HEADER: str(upload.offset), EXPIRES_HEADER: expires}


def _refused(request: Request) -> Response | None:
    """Another release of the protocol is told which one is spoken here."""
    if request.headers.get(VERSION_HEADER) == TUS_VERSION:
        return None
    return problem(Code.MALFORMED, OTHER_VERSION, {"Tus-Version": TUS_VERSION})


def _refused_part(request: Request) -> Response | None:
    if request.headers.get("content-type") != PART_TYPE:
        return problem(Code.MALFORMED, OTHER_TYPE)
    said = request.headers.get("content-length", "0")
    most = PART_MAX_BYTES if CHECKSUM_HEADER in request.headers else FILE_MAX_BYTES
    if said.isdigit() and int(said) > most:
        raise Rejected(Code.TOO_LARGE)
    return None


def _checksum_in(headers: Mapping[str, str]) -> Checksum | None:
    """None when the part has none; ValueError when it is of no kind that we told of."""
    text = headers.get(CHECKSUM_HEADER)
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError(CHECKSUM_HEADER) from error
    if algorithm not in TUS_ALGORITHMS or len(digest) != DIGEST_BYTES[algorithm]:
        raise ValueError(CHECKSUM_HEADER)
    return Checksum(algorithm, digest)
