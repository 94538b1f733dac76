"""Encrypted chunk files beside the store, named by the SHA-256 of their bytes.

Sound never touches the disk in the clear. Work on files runs on a thread, not on the loop. Which
record a file belongs to, and its key, stand in that record alone.
"""

import asyncio
import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from app.domain.failures import Code, Unavailable, Untrusted
from offline_store.arriving import ArrivingFiles, digest_of
from offline_store.chunk_stream import KEY_BYTES, decrypt, encrypt
from offline_store.profile_folder import (
    disk_failures,
    make_private,
    remove_partial_files,
    sync_folder,
    write_durably,
)

ResultT = TypeVar("ResultT")

FILE_NAME = re.compile(r"[0-9a-f]{64}")


class RecordingFolder:
    """Fulfils ports.RecordingFiles on the disk."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        remove_partial_files(folder)
        self._folder = folder
        self._arriving = ArrivingFiles(folder)

    async def save(self, wav: bytes) -> tuple[str, str, int]:
        """The file is durable when this returns: SHA-256 of the ciphertext, key, size."""
        return await asyncio.to_thread(self._save, wav)

    def _save(self, wav: bytes) -> tuple[str, str, int]:
        data, name, key = _encrypted(wav)
        with disk_failures():
            write_durably(self._folder / name, data)
        return name, base64.b64encode(key).decode(), len(data)

    async def load(self, file_sha256: str, key: str) -> bytes:
        return await asyncio.to_thread(
            lambda: decrypt(self._ciphertext(file_sha256), _raw_key(key))
        )

    async def ciphertext(self, file_sha256: str) -> bytes:
        return await asyncio.to_thread(self._ciphertext, file_sha256)

    def _ciphertext(self, file_sha256: str) -> bytes:
        with disk_failures():
            try:
                return self._path(file_sha256).read_bytes()
            except FileNotFoundError as error:
                raise Unavailable(Code.NOT_FOUND, "recording file") from error

    async def has(self, file_sha256: str) -> bool:
        return await asyncio.to_thread(self._path(file_sha256).exists)

    async def put(self, file_sha256: str, data: bytes) -> None:
        """What came from elsewhere; Untrusted(HASH_MISMATCH) when it is not what its name says."""
        await asyncio.to_thread(lambda: self._put(file_sha256, data))

    def _put(self, file_sha256: str, data: bytes) -> None:
        _must_be(file_sha256, data)
        with disk_failures():
            write_durably(self._path(file_sha256), data)

    async def proven_bytes(self, file_sha256: str) -> int:
        """Its length; Untrusted(HASH_MISMATCH) when this disk has it no more as it was written."""
        return await asyncio.to_thread(self._proven_bytes, file_sha256)

    def _proven_bytes(self, file_sha256: str) -> int:
        with disk_failures():
            path = self._path(file_sha256)
            if not (found := digest_of(path)):
                raise Unavailable(Code.NOT_FOUND, "recording file")
            if found != file_sha256:
                raise Untrusted(Code.HASH_MISMATCH, "file")
            return path.stat().st_size

    async def piece(self, file_sha256: str, start: int, most_bytes: int) -> bytes:
        return await asyncio.to_thread(lambda: self._piece(file_sha256, start, most_bytes))

    def _piece(self, file_sha256: str, start: int, most_bytes: int) -> bytes:
        with disk_failures():
            try:
                with self._path(file_sha256).open("rb") as file:
                    file.seek(start)
                    return file.read(most_bytes)
            except FileNotFoundError as error:
                raise Unavailable(Code.NOT_FOUND, "recording file") from error

    async def arrived(self, file_sha256: str) -> int:
        refuse_no_name(file_sha256)
        return await self._on_disk(lambda: self._arriving.byte_count(file_sha256))

    async def add_piece(self, file_sha256: str, start: int, piece: bytes) -> int:
        refuse_no_name(file_sha256)
        return await self._on_disk(lambda: self._arriving.add(file_sha256, start, piece))

    async def complete(self, file_sha256: str) -> None:
        refuse_no_name(file_sha256)
        await self._on_disk(lambda: self._arriving.complete(file_sha256))

    async def remove(self, file_sha256: str) -> None:
        """Also what has come of it. What is not here is not missed."""
        refuse_no_name(file_sha256)

        def remove() -> None:
            self._arriving.remove(file_sha256)
            (self._folder / file_sha256).unlink(missing_ok=True)
            sync_folder(self._folder)

        await self._on_disk(remove)

    async def _on_disk(self, work: Callable[[], ResultT]) -> ResultT:
        def run() -> ResultT:
            with disk_failures():
                return work()

        return await asyncio.to_thread(run)

    def _path(self, file_sha256: str) -> Path:
        refuse_no_name(file_sha256)
        return self._folder / file_sha256


class RecordingsInMemory:
    """Fulfils ports.RecordingFiles where nothing may be kept."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._arriving: dict[str, bytearray] = {}

    async def save(self, wav: bytes) -> tuple[str, str, int]:
        data, name, key = await asyncio.to_thread(_encrypted, wav)
        self._files[name] = bytes(data)
        return name, base64.b64encode(key).decode(), len(data)

    async def load(self, file_sha256: str, key: str) -> bytes:
        data = await self.ciphertext(file_sha256)
        return await asyncio.to_thread(lambda: decrypt(data, _raw_key(key)))

    async def ciphertext(self, file_sha256: str) -> bytes:
        refuse_no_name(file_sha256)
        if file_sha256 not in self._files:
            raise Unavailable(Code.NOT_FOUND, "recording file")
        return self._files[file_sha256]

    async def has(self, file_sha256: str) -> bool:
        refuse_no_name(file_sha256)
        return file_sha256 in self._files

    async def put(self, file_sha256: str, data: bytes) -> None:
        refuse_no_name(file_sha256)
        _must_be(file_sha256, data)
        self._files[file_sha256] = data

    async def proven_bytes(self, file_sha256: str) -> int:
        return len(await self.ciphertext(file_sha256))

    async def piece(self, file_sha256: str, start: int, most_bytes: int) -> bytes:
        return (await self.ciphertext(file_sha256))[start : start + most_bytes]

    async def arrived(self, file_sha256: str) -> int:
        refuse_no_name(file_sha256)
        return len(self._arriving.get(file_sha256, b""))

    async def add_piece(self, file_sha256: str, start: int, piece: bytes) -> int:
        refuse_no_name(file_sha256)
        come = self._arriving.setdefault(file_sha256, bytearray())
        if len(come) == start:
            come += piece
        return len(come)

    async def complete(self, file_sha256: str) -> None:
        refuse_no_name(file_sha256)
        if file_sha256 not in self._files:
            await self.put(file_sha256, bytes(self._arriving.pop(file_sha256, b"")))

    async def remove(self, file_sha256: str) -> None:
        refuse_no_name(file_sha256)
        self._arriving.pop(file_sha256, None)
        self._files.pop(file_sha256, None)


def _encrypted(wav: bytes) -> tuple[bytearray, str, bytes]:
    key = os.urandom(KEY_BYTES)
    data = encrypt(wav, key)
    return data, hashlib.sha256(data).hexdigest(), key


def _must_be(file_sha256: str, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != file_sha256:
        raise Untrusted(Code.HASH_MISMATCH, "file")


def _raw_key(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Untrusted(Code.MALFORMED, "recording key") from error
    if len(raw) != KEY_BYTES:
        raise Untrusted(Code.MALFORMED, "recording key")
    return raw


def refuse_no_name(file_sha256: str) -> None:
    """A name comes from the server, too: nothing but a digest becomes part of a path."""
    if not FILE_NAME.fullmatch(file_sha256):
        raise Untrusted(Code.MALFORMED, "file name")
