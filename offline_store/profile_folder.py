"""The folder of one profile: private, on a disk of this machine, and open in one program only.

Knows nothing of keys or databases. Locks differ by platform and stand here alone.
"""

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.domain.failures import Code, Unavailable

# Write-ahead logging needs memory that all openers share: a network file system has none.
NETWORK_FILE_SYSTEMS = frozenset(
    {"afs", "ceph", "cifs", "coda", "davfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3"}
    | {"beegfs", "gfs2", "glusterfs", "ocfs2", "orangefs", "panfs", "pvfs2", "smb2", "smbfs"}
)
# FUSE names its file system behind a dot; of these we know that they store on this machine.
LOCAL_FUSE = frozenset(
    {"fuseblk", "fuse.cryfs", "fuse.encfs", "fuse.fuse-overlayfs", "fuse.gocryptfs"}
)

MOUNTS = Path("/proc/self/mountinfo")


def file_system_of(folder: Path) -> str:
    """The type of the file system that holds `folder`, "" where the system does not tell."""
    if not MOUNTS.exists():
        return ""
    place = folder.resolve()
    longest, found = -1, ""
    for line in MOUNTS.read_text(errors="replace").splitlines():
        left, _, right = line.partition(" - ")
        mounted_at = Path(_unescaped(left.split()[4]))
        # Of two mounts at one place the later one is on top.
        if place.is_relative_to(mounted_at) and len(mounted_at.parts) >= longest:
            longest, found = len(mounted_at.parts), right.split()[0]
    return found


def _unescaped(mount_point: str) -> str:
    for code, sign in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        mount_point = mount_point.replace(code, sign)
    return mount_point


def refuse_network_drive(folder: Path, file_system: Callable[[Path], str] = file_system_of) -> None:
    """Unavailable(STORE_NETWORK_DRIVE) when a store in this folder would not be safe."""
    kind = file_system(folder)
    if kind in NETWORK_FILE_SYSTEMS or (kind.startswith("fuse") and kind not in LOCAL_FUSE):
        raise Unavailable(Code.STORE_NETWORK_DRIVE, kind)


def make_private(folder: Path) -> None:
    """The folder exists and only its owner may look into it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o777 != 0o700:
        folder.chmod(0o700)


@contextmanager
def disk_failures() -> Iterator[None]:
    """What the disk says, in the words of the house."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Unavailable(Code.STORE_FULL) from error
        if error.errno == errno.EIO:
            raise Unavailable(Code.DISK_FAULT) from error
        # No rights, a file where a folder must be, a path that cannot be: choose another one.
        raise Unavailable(Code.PROFILE_UNUSABLE, type(error).__name__) from error


class FolderLock:
    """Held by one program at a time. The kernel gives it back when the program dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def take(self) -> None:
        """Unavailable(STORE_IN_USE) when another program, or another store here, holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise Unavailable(Code.STORE_IN_USE) from error
        self._descriptor = descriptor

    def give_back(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def write_durably(path: Path, data: bytes | bytearray | memoryview) -> None:
    """The file is there whole, also after a power cut, or it is as it was before."""
    descriptor, name = tempfile.mkstemp(prefix=".partial-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Names that were made or moved in this folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_partial_files(folder: Path) -> None:
    """What a crash left half written was never named by anything."""
    for path in folder.glob(".partial-*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
