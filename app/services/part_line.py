"""One part of a file at a time over the running call: asked for here, answered there, in pieces."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from app.domain.changes import Json
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.message_files import PART_BYTES, FilePart
from app.runtime.tasks import TaskOwner
from app.services.file_words import (
    ASKED_BYTES,
    PIECE_PAUSE_S,
    PIECES_ASKED,
    Piece,
    Want,
    pieces_of,
    said_in,
    word_of,
)
from app.services.ports import CallEngine

log = logging.getLogger(__name__)

WANTS_WAITING = 4
ANSWER_LIMIT_S = (
    PIECE_PAUSE_S * PIECES_ASKED * 3 + 2.0
)  # a line a third as fast is still waited for
BEGUN_MOST = 4  # parts of which some pieces are here, across lost links


class PartLine:
    """`part_for_far` gives the bytes of a part that the far side may have; None: it may not."""

    def __init__(
        self, engine: CallEngine, part_for_far: Callable[[str], Awaitable[bytes | None]]
    ) -> None:
        self._engine = engine
        self._part_for_far = part_for_far
        self._wants: asyncio.Queue[Want] = asyncio.Queue(WANTS_WAITING)
        self._wanted: FilePart | None = None
        self._begun: dict[str, bytearray] = {}
        self._came = asyncio.Event()
        self._refused = 0
        self._tasks = TaskOwner("part line")

    def start(self) -> None:
        self._tasks.start_lasting(self._answer, "answer")

    async def close(self) -> None:
        await self._tasks.close()

    def heard(self, payload: dict[str, Json]) -> None:
        try:
            said = said_in(payload)
        except Rejected as no:
            self._refuse(no.code)
            return
        if isinstance(said, Piece):
            self._take(said)
        elif said is not None:
            try:
                self._wants.put_nowait(said)
            except asyncio.QueueFull:  # it is asked for again
                self._refuse(Code.OVERRUN)

    async def fetch(self, part: FilePart) -> bytes:
        """The part's bytes, unchecked; Unavailable when the call does not bring them now.

        What came is remembered: the next asking goes on from there.
        """
        if part.file_bytes > 2 * PART_BYTES:
            raise Rejected(Code.TOO_LARGE, "part")
        got = self._begun.pop(part.file_sha256, bytearray())
        self._begun[part.file_sha256] = got
        while len(self._begun) > BEGUN_MOST:
            del self._begun[next(iter(self._begun))]
        self._wanted = part
        try:
            while len(got) < part.file_bytes:
                await self._ask(part, got)
        finally:
            self._wanted = None
        del self._begun[part.file_sha256]
        return bytes(got)

    def have_of(self, part: FilePart) -> int:
        return len(self._begun.get(part.file_sha256, b""))

    async def _ask(self, part: FilePart, got: bytearray) -> None:
        end = min(part.file_bytes, len(got) + ASKED_BYTES)
        await self._engine.send_live(word_of(Want(part.file_sha256, len(got))))
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                while len(got) < end:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError as error:
            raise Unavailable(Code.PEER_AWAY, "part") from error

    def _take(self, piece: Piece) -> None:
        """Only the next piece of what was asked for: an old one told twice changes nothing."""
        wanted = self._wanted
        if wanted is None or piece.part != wanted.file_sha256:
            return
        got = self._begun[piece.part]
        if piece.start == len(got) and len(got) + len(piece.data) <= wanted.file_bytes:
            got += piece.data
            self._came.set()

    async def _answer(self) -> None:
        while True:
            want = await self._wants.get()
            try:
                data = await self._part_for_far(want.part)
                if data is None:
                    self._refuse(Code.NOT_ALLOWED)
                    continue
                for piece in pieces_of(data, want):
                    await self._engine.send_live(word_of(piece))
                    await asyncio.sleep(PIECE_PAUSE_S)
            except Failure as failure:
                log.info("a part does not go over the call now: %s", failure.code)

    def _refuse(self, code: Code) -> None:
        """The far side must not fill our log: told after one, two, four, eight..."""
        self._refused += 1
        if self._refused.bit_count() == 1:
            log.warning("words about files refused so far: %d (%s)", self._refused, code)
