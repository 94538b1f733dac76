"""Encrypted files on their way here, piece by piece: what has come is kept over every stop.

A piece is on the disk before the next is asked for. A file gets its name when it is whole and is
what its name says; one that is not is thrown away.
"""

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from app.domain.failures import Code, Untrusted
from offline_store.profile_folder import sync_folder

PREFIX = "arriving-"
KEPT_S = 30 * 86_400.0  # that nobody has asked for since
READ_BYTES = 2**20


class ArrivingFiles:
    """Beside the files that are here. On a thread; `now_s` is the file system's own time."""

    def __init__(self, folder: Path, now_s: Callable[[], float] = time.time) -> None:
        self._folder = folder
        for path in folder.glob(f"{PREFIX}*"):
            if now_s() - path.stat().st_mtime > KEPT_S:
                path.unlink(missing_ok=True)

    def byte_count(self, name: str) -> int:
        """How much has come."""
        try:
            return self._path(name).stat().st_size
        except FileNotFoundError:
            return 0

    def add(self, name: str, start: int, piece: bytes) -> int:
        """How much has come now. A piece that begins elsewhere is one that came twice."""
        file = os.open(self._path(name), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            count = os.lseek(file, 0, os.SEEK_END)
            if count != start:
                return count
            try:
                _write_all(file, piece)
                os.fsync(file)
            except OSError:
                os.ftruncate(file, start)
                raise
            return start + len(piece)
        finally:
            os.close(file)

    def complete(self, name: str) -> None:
        """It is here from now on; Untrusted(HASH_MISMATCH), and gone, when it is another."""
        path = self._path(name)
        if not path.exists() and (self._folder / name).exists():
            return  # whoever asked for it too was quicker
        if digest_of(path) != name:
            path.unlink(missing_ok=True)
            raise Untrusted(Code.HASH_MISMATCH, "file")
        os.replace(path, self._folder / name)
        sync_folder(self._folder)

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{PREFIX}{name}"


def digest_of(path: Path) -> str:
    """Empty when there is no such file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(READ_BYTES):
                digest.update(block)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
