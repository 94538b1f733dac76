"""Uploads in parts: begun or found again, a part taken behind the last, proven when whole.

The parts of one upload are taken one after the other, whoever sends them; a part is held until
all of it is here, so that a line that breaks costs that part and leaves no half of it.
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakValueDictionary

from app.contract.uploads import PART_MAX_BYTES
from app.domain.access import Action
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from server.auth import Caller
from server.problems import Busy
from server.recordings.incoming import Incoming, Upload
from server.recordings.service import Recordings
from server.recordings.shelf import disk_failures
from server.settings import FILE_MAX_BYTES
from server.workers import Workers

ResultT = TypeVar("ResultT")
PARTS_HELD_MOST = 64  # at once, by all devices; each is a few MiB of memory
HELD_BYTES = 1024 * 1024  # of a part without a checksum; so much of it is kept at a time


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a part must hash to, by which of the algorithms that we told of."""

    algorithm: str
    digest: bytes

    def must_be_of(self, data: bytes | bytearray) -> None:
        found = hashlib.new(self.algorithm, data, usedforsecurity=False).digest()
        if not hmac.compare_digest(found, self.digest):
            raise Rejected(Code.PART_DAMAGED)


class Uploads:
    def __init__(
        self, incoming: Incoming, recordings: Recordings, workers: Workers, clock: Clock
    ) -> None:
        self._incoming = incoming
        self._recordings = recordings
        self._workers = workers
        self._clock = clock
        self._held = 0
        self._turns: WeakValueDictionary[tuple[object, str], asyncio.Lock] = WeakValueDictionary()

    async def begin(self, sha256: str, byte_count: int, who: Caller) -> Upload:
        """The caller's upload of this file: a new one, or the one that was begun before.

        One that is whole, and whose end a stop cut off, is brought to its end.
        """
        who.must_be_allowed(Action.KEEP_RECORDING)
        if not 0 < byte_count <= FILE_MAX_BYTES:
            raise Rejected(Code.TOO_LARGE if byte_count else Code.MALFORMED)
        await self._refuse_erased(sha256, who)
        async with self._turn_of(who, sha256):
            found = await self._run(lambda: self._begun(sha256, byte_count, who))
            return await self._finished_if_whole(found, who)

    def _begun(self, sha256: str, byte_count: int, who: Caller) -> Upload:
        now = self._clock.now()
        found = self._incoming.find(who.device, sha256, now)
        if found is None or found.byte_count != byte_count:
            return self._incoming.begin(who.device, sha256, byte_count, now)
        return found

    async def find(self, sha256: str, who: Caller) -> Upload:
        """Rejected(NOT_FOUND) when there is none: never begun, expired, or whole and on the shelf.

        Whoever asks where to go on with one that is whole is told so, once it is proven.
        """
        who.must_be_allowed(Action.KEEP_RECORDING)
        async with self._turn_of(who, sha256):
            return await self._finished_if_whole(await self._found(sha256, who), who)

    async def take(
        self,
        sha256: str,
        offset: int,
        blocks: AsyncIterator[bytes],
        checksum: Checksum | None,
        who: Caller,
    ) -> Upload:
        """The upload after this part. Rejected(OFFSET_WRONG) unless it begins where we are."""
        who.must_be_allowed(Action.KEEP_RECORDING)
        await self._refuse_erased(sha256, who)
        upload = await self._at(sha256, offset, who)  # before its bytes are waited for
        if self._held >= PARTS_HELD_MOST:
            raise Busy
        self._held += 1
        try:
            async for part in _parts(blocks, checksum):
                upload = await self._take_part(sha256, upload.offset, part, who)
        finally:
            self._held -= 1
        return upload

    async def _take_part(
        self, sha256: str, offset: int, part: bytes | bytearray, who: Caller
    ) -> Upload:
        async with self._turn_of(who, sha256):
            upload = await self._at(sha256, offset, who)
            upload = await self._append(upload, part)
            return await self._finished_if_whole(upload, who)

    async def _refuse_erased(self, sha256: str, who: Caller) -> None:
        """What has come of it goes, too."""
        try:
            await self._recordings.refuse_erased(sha256)
        except Rejected:
            await self._run(lambda: self._incoming.forget(who.device, sha256))
            raise

    async def _append(self, upload: Upload, part: bytes | bytearray) -> Upload:
        now = self._clock.now()
        return await self._run(lambda: self._incoming.append(upload, part, now))

    async def forget_expired(self) -> None:
        now = self._clock.now()
        await self._run(lambda: self._incoming.forget_expired(now))

    async def _at(self, sha256: str, offset: int, who: Caller) -> Upload:
        found = await self._found(sha256, who)
        if found.offset != offset:
            raise Rejected(Code.OFFSET_WRONG)
        return found

    async def _found(self, sha256: str, who: Caller) -> Upload:
        now = self._clock.now()
        found = await self._run(lambda: self._incoming.find(who.device, sha256, now))
        if found is None:
            raise Rejected(Code.NOT_FOUND)
        return found

    async def _finished_if_whole(self, upload: Upload, who: Caller) -> Upload:
        """Proven, on the shelf, and its row written: only then it counts as here."""
        if upload.is_whole:
            await self._run(lambda: self._incoming.prove(upload))
            await self._recordings.add_stored(upload.sha256, upload.byte_count, who)
            await self._run(lambda: self._incoming.forget(upload.device, upload.sha256))
        return upload

    async def _run(self, work: Callable[[], ResultT]) -> ResultT:
        with disk_failures():
            return await self._workers.run(work)

    def _turn_of(self, who: Caller, sha256: str) -> asyncio.Lock:
        return self._turns.setdefault((who.device, sha256), asyncio.Lock())


async def _parts(
    blocks: AsyncIterator[bytes], checksum: Checksum | None
) -> AsyncIterator[bytes | bytearray]:
    """What is to be kept at a time: a proven part whole, another one as it comes."""
    held = bytearray()
    try:
        async for block in blocks:
            held += block
            if checksum is None and len(held) >= HELD_BYTES:
                yield held
                held = bytearray()
            elif len(held) > PART_MAX_BYTES:
                raise Rejected(Code.TOO_LARGE)
    except Rejected:
        if checksum is None and held:
            yield held  # the line broke: what came is not lost
        raise
    if checksum is not None:
        checksum.must_be_of(held)
    yield held
