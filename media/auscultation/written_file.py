"""Writes a file where a person said, for that person alone: whole, or as it was before."""

import os
import tempfile
from pathlib import Path

from app.domain.failures import Code, Rejected


def write_whole(path: Path, data: bytes) -> None:
    """Mode 0600, and there after a power cut. Rejected(FILE_NOT_SAVED); names no path."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device is not a place for it
            raise Rejected(Code.FILE_NOT_SAVED)
        _write(path, data)
        if path.read_bytes() != data:
            raise Rejected(Code.HASH_MISMATCH)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise Rejected(Code.FILE_NOT_SAVED, type(error).__name__) from None


def _write(path: Path, data: bytes) -> None:
    descriptor, waiting = tempfile.mkstemp(prefix=".partial-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(waiting, path)
    except BaseException:
        Path(waiting).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
