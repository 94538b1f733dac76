"""Writes a file in the clear where a person said, and nowhere else: its bytes never lie under
another name, also not for the moment in which a program dies (no temporary file)."""

import errno
import os
from pathlib import Path

# What systems say whose files must have a name from the start (FAT, some network drives).
NEEDS_NAME = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT, errno.EXDEV})
NO_NAME = getattr(os, "O_TMPFILE", 0)


def write_named_last(path: Path, data: bytes) -> None:
    """Mode 0600, and there after a power cut. OSError leaves what lay there before.

    Where a file must have its name from the start, a stop in the middle leaves half of it under
    that name; a failure that is told leaves nothing.
    """
    if path.exists() and not path.is_file():  # a pipe or a device is not a place for it
        raise FileExistsError(errno.EEXIST, "no file")
    try:
        _write_nameless(path, data)
    except OSError as error:
        if NO_NAME and error.errno not in NEEDS_NAME:
            raise
        _write_under_name(path, data)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write_nameless(path: Path, data: bytes) -> None:
    if not NO_NAME:
        raise OSError(errno.EOPNOTSUPP, "no nameless files")
    file = os.open(path.parent, NO_NAME | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        _write_all(file, data)
        os.fsync(file)
        path.unlink(missing_ok=True)  # a link takes no other file's place
        os.link(f"/proc/self/fd/{file}", path, follow_symlinks=True)
    finally:
        os.close(file)


def _write_under_name(path: Path, data: bytes) -> None:
    room = os.statvfs(path.parent)
    if room.f_bavail * room.f_frsize < len(data):
        raise OSError(errno.ENOSPC, "no space left")
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        _write_all(file, data)
        os.fsync(file)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(file)


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]
