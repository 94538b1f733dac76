"""Files on disk, each under the SHA-256 of its bytes. What they hold is encrypted by the device.

A file appears whole or not at all: written beside, hashed, synced, then named.
"""

import hashlib
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from server.settings import FILE_MAX_BYTES
from server.workers import Workers

BLOCK_BYTES = 1024 * 1024
THREADS, WAITING = 2, 64


class Shelf:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        self._workers = Workers("bedside-files", THREADS, WAITING)
        self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left_over in self._incoming.iterdir():  # of uploads that a stop cut short
            left_over.unlink()

    def path_of(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256

    async def take_in(self, sha256: str, blocks: AsyncIterator[bytes]) -> int:
        """Store what arrives; its length. Rejected when too large, Untrusted when it is another.

        Unavailable when the disk does not take it; nothing of it stays then.
        """
        try:
            return await self._take_in(sha256, blocks)
        except OSError as error:
            raise Unavailable(Code.SERVER_ERROR, f"disk: {type(error).__name__}") from error

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
            await self._workers.run(lambda: _finish(file, beside, self.path_of(sha256)))
        finally:
            os.close(file)
            beside.unlink(missing_ok=True)
        return count

    async def _put(self, file: int, digest: "hashlib._Hash", block: bytes) -> None:
        def write() -> None:
            digest.update(block)
            rest = memoryview(block)
            while rest:
                rest = rest[os.write(file, rest) :]

        await self._workers.run(write)

    def close(self) -> None:
        self._workers.close()


def _create(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)


def _finish(file: int, beside: Path, path: Path) -> None:
    os.fsync(file)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    beside.rename(path)
    for folder in (path.parent, path.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
