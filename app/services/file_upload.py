"""One file on its way to the server, part by part; the server alone knows where it stopped.

Nothing is remembered here: after any stop, of either side, the server is asked where to go on.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from app.domain.clock import Clock
from app.domain.failures import Code, Rejected, Unavailable
from app.services.ports import RecordingFiles, ServerApi
from app.services.upload_pace import UploadPace

log = logging.getLogger(__name__)

# After these the server is asked where to go on; one that says so without end is left alone.
ASK_AGAIN = frozenset({Code.OFFSET_WRONG, Code.PART_DAMAGED, Code.NOT_FOUND})
ASKED_MOST = 5


@dataclass(frozen=True, slots=True)
class Sending:
    """What of it the server has. `is_waiting`: a call needs the line. `bytes_s`: of this part."""

    file_sha256: str
    bytes_sent: int
    bytes_whole: int
    is_waiting: bool = False
    bytes_s: float | None = None

    @property
    def left_s(self) -> float | None:
        """None while nobody can say."""
        if not self.bytes_s or self.is_waiting:
            return None
        return (self.bytes_whole - self.bytes_sent) / self.bytes_s


class FileUpload:
    def __init__(
        self,
        *,
        server_api: ServerApi,
        files: RecordingFiles,
        pace: UploadPace,
        clock: Clock,
        tell: Callable[[Sending], None],
    ) -> None:
        self._server_api = server_api
        self._files = files
        self._pace = pace
        self._clock = clock
        self._tell = tell

    async def send(self, name: str) -> None:
        """The server has it, proven, when this returns.

        Untrusted(HASH_MISMATCH) before a byte goes when this disk has it damaged.
        """
        whole = await self._files.proven_bytes(name)
        at = await self._server_api.begin_upload(name, whole)
        asked, furthest = 0, at
        while at < whole:
            try:
                at = await self._send_part(name, at, whole)
            except Rejected as no:
                if no.code not in ASK_AGAIN or asked == ASKED_MOST:
                    raise
                log.info("an upload is found again: %s", no.code)
                at = await self._server_api.begin_upload(name, whole)
            asked, furthest = (0, at) if at > furthest else (asked + 1, furthest)
            if asked > ASKED_MOST:
                raise Unavailable(Code.SERVER_ERROR, "an upload that does not move")

    async def _send_part(self, name: str, at: int, whole: int) -> int:
        if self._pace.must_wait:
            self._tell(Sending(name, at, whole, is_waiting=True))
            await self._pace.until_free()
        part = await self._files.piece(name, at, self._pace.part_bytes)
        if not part:
            raise Unavailable(Code.NOT_FOUND, "the rest of a file")
        began_s = self._clock.monotonic()
        after = await self._server_api.put_part(name, at, part, self._pace.pieces(part))
        took_s = self._clock.monotonic() - began_s
        self._pace.part_went(len(part), took_s)
        self._tell(Sending(name, after, whole, bytes_s=len(part) / max(took_s, 0.001)))
        return after
