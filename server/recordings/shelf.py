"""Files on disk, each under the SHA-256 of its bytes. What they hold is encrypted by the device.

A file appears whole or not at all: written beside, hashed, synced, then named.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from server.settings import FILE_MAX_BYTES
from server.workers import Workers

BLOCK_BYTES = 1024 * 1024
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Shelf:
    def __init__(self, folder: Path, workers: Workers) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._workers = workers
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in self._incoming.iterdir():  # of uploads that a stop cut short
            left_over.unlink()

    def path_of(self, sha256: str) -> Path:
        return place_of(self._folder, sha256)

    async def byte_count(self, sha256: str) -> int | None:
        """What truly lies there: a folder may have been restored without its files."""
        return await self._workers.run(lambda: size_of(self.path_of(sha256)))

    async def counts(self, names: list[str]) -> dict[str, int | None]:
        """Of many at once."""
        return await self._workers.run(
            lambda: {name: size_of(self.path_of(name)) for name in names}
        )

    async def remove(self, names: list[str]) -> list[str]:
        """Those that were there."""
        return await self._workers.run(lambda: remove_files(self._folder, names))

    def name(self, proven: Path, sha256: str) -> None:
        """Put a file whose hash was seen to be right in its place; durable when this returns.

        On a worker's thread. What lay there under that name is replaced by the same bytes.
        """
        place = self.path_of(sha256)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        proven.rename(place)
        sync_folder(place.parent)
        sync_folder(place.parent.parent)

    async def take_in(self, sha256: str, blocks: AsyncIterator[bytes]) -> int:
        """Store what arrives; its length. Rejected when too large, Untrusted when it is another.

        Unavailable when the disk does not take it; nothing of it stays then.
        """
        with disk_failures():
            return await self._take_in(sha256, blocks)

    async def _take_in(self, sha256: str, blocks: AsyncIterator[bytes]) -> int:
        beside = self._incoming / secrets.token_hex(16)
        digest, count, waiting = hashlib.sha256(), 0, bytearray()
        file = await self._workers.run(lambda: _create(beside))
        try:
            async for block in blocks:
                count += len(block)
                if count > FILE_MAX_BYTES:
                    raise Rejected(Code.TOO_LARGE)
                waiting += block
                if len(waiting) >= BLOCK_BYTES:
                    await self._put(file, digest, bytes(waiting))
                    waiting.clear()
            await self._put(file, digest, bytes(waiting))
            if digest.hexdigest() != sha256:
                raise Untrusted(Code.HASH_MISMATCH)
            await self._workers.run(lambda: self._finish(file, beside, sha256))
        finally:
            os.close(file)
            beside.unlink(missing_ok=True)
        return count

    async def _put(self, file: int, digest: "hashlib._Hash", block: bytes) -> None:
        def write() -> None:
            digest.update(block)
            write_all(file, block)

        await self._workers.run(write)

    def _finish(self, file: int, beside: Path, sha256: str) -> None:
        os.fsync(file)
        self.name(beside, sha256)


@contextmanager
def disk_failures() -> Iterator[None]:
    """What the disk says, in the words of the house: no room is waited for, all else looked at."""
    try:
        yield
    except OSError as error:
        code = Code.SERVER_FULL if error.errno in NO_ROOM else Code.SERVER_ERROR
        raise Unavailable(code, f"disk: {type(error).__name__}") from error


def place_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def remove_files(folder: Path, names: list[str]) -> list[str]:
    """Those that were there."""
    there = [name for name in names if place_of(folder, name).exists()]
    for name in there:
        place_of(folder, name).unlink()
        sync_folder(place_of(folder, name).parent)
    return there


def size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def write_all(file: int, block: bytes | bytearray | memoryview) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(file, rest) :]


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _create(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
