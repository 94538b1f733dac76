"""Brings one encrypted file here from the server, in ranges: what has come is never asked again."""

from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from app.services.ports import RecordingFiles, ServerApi

FIRST_BYTES = 128 * 1024
MOST_BYTES = 2 * 1024 * 1024
FILE_MOST_BYTES = 256 * 1024 * 1024  # the server takes none that is larger


async def bring_here(files: RecordingFiles, server_api: ServerApi, name: str) -> None:
    """It is here, and what its name says, when this returns.

    Any failure leaves what has come for the next time; Untrusted(HASH_MISMATCH) throws it away.
    """
    if await files.has(name):
        return
    at, most = await files.arrived(name), FIRST_BYTES
    whole = at + 1
    while at < whole:
        try:
            part = await server_api.get_part(name, at, most)
        except Rejected as no:
            if no.code is not Code.FILE_ERASED:
                raise
            await files.remove(name)  # nor is what has come of it of use to anybody
            raise
        whole = part.whole_bytes
        if whole > FILE_MOST_BYTES or at > whole or not (part.data or at == whole):
            await files.remove(name)
            raise Untrusted(Code.HASH_MISMATCH, "file")
        reached = await files.add_piece(name, at, part.data)
        if reached <= at and part.data:
            raise Unavailable(Code.STORE_DAMAGED, "what came of a file is gone")
        at, most = reached, min(MOST_BYTES, 2 * most)
    await files.complete(name)
