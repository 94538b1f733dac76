"""Uploads that are not whole yet: what has come of each, on disk, for the day its device returns.

`<device>-<sha256>.data` holds the bytes, `.state` beside it how many of them are proven and
synced; what lies behind that is of a part that never came to its end, and is written over.
"""

import hashlib
import os
import shutil
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from app.domain.ids import DeviceId
from server.recordings.shelf import Shelf, size_of, sync_folder, write_all

KEPT = timedelta(days=7)  # since its last part; longer than a cart is away over a weekend
OF_ONE_DEVICE_MOST = 32  # it sends one after the other; of more, the one left longest goes
READ_BYTES = 1024 * 1024
FRESH_S = 60.0
STATE = struct.Struct(">4sQQd")  # magic | length | offset | touched; then a CRC-32 of these
MAGIC = b"BDU1"
CHECK = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Upload:
    """`offset` bytes of `byte_count` are here for good."""

    device: DeviceId
    sha256: str
    byte_count: int
    offset: int
    touched_at: datetime

    @property
    def is_whole(self) -> bool:
        return self.offset == self.byte_count

    @property
    def expires_at(self) -> datetime:
        return self.touched_at + KEPT


class Incoming:
    """Works on a worker's thread; one thread at a time for one upload."""

    def __init__(self, folder: Path, shelf: Shelf) -> None:
        self._folder = folder
        self._shelf = shelf
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def find(self, device: DeviceId, sha256: str, now: datetime) -> Upload | None:
        """None also when it expired, or when what the state tells of is not there any more."""
        data, state = self._paths(device, sha256)
        try:
            upload = _upload_of(device, sha256, state.read_bytes())
        except (FileNotFoundError, ValueError):
            self.forget(device, sha256)
            return None
        is_named = upload.is_whole and size_of(self._shelf.path_of(sha256)) == upload.byte_count
        if upload.expires_at <= now or ((size_of(data) or 0) < upload.offset and not is_named):
            self.forget(device, sha256)
            return None
        return upload

    def begin(self, device: DeviceId, sha256: str, byte_count: int, now: datetime) -> Upload:
        """A new one, empty. Unavailable(SERVER_FULL) when there is no room for the whole."""
        if shutil.disk_usage(self._folder).free < byte_count:
            raise Unavailable(Code.SERVER_FULL)
        self._make_room(device)
        data, state = self._paths(device, sha256)
        upload = Upload(device, sha256, byte_count, 0, now)
        for path in (data, state):
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        _write_state(state, upload)
        sync_folder(self._folder)
        return upload

    def append(self, upload: Upload, block: bytes | bytearray, now: datetime) -> Upload:
        """Behind what is there; durable when this returns, or all is as before."""
        after = replace(upload, offset=upload.offset + len(block), touched_at=now)
        if after.offset > after.byte_count:
            raise Rejected(Code.TOO_LARGE)
        data, state = self._paths(upload.device, upload.sha256)
        file = os.open(data, os.O_WRONLY)
        try:
            os.lseek(file, upload.offset, os.SEEK_SET)
            try:
                write_all(file, block)
                os.fsync(file)
            except OSError:
                os.ftruncate(file, upload.offset)  # half a part would keep the room of others
                raise
        finally:
            os.close(file)
        _write_state(state, after)
        return after

    def prove(self, upload: Upload) -> None:
        """Put a whole one on the shelf; Untrusted(HASH_MISMATCH), and forgotten, when it is not
        what its name says. Twice is harmless."""
        data, _ = self._paths(upload.device, upload.sha256)
        if not data.exists():
            return  # it was named, and a stop came before its row was written
        if _digest_of(data, upload.byte_count) != upload.sha256:
            self.forget(upload.device, upload.sha256)
            raise Untrusted(Code.HASH_MISMATCH)
        self._shelf.name(data, upload.sha256)

    def forget(self, device: DeviceId, sha256: str) -> None:
        for path in self._paths(device, sha256):
            path.unlink(missing_ok=True)

    def forget_expired(self, now: datetime) -> None:
        """Also what is no upload at all; never one that is just being begun."""
        for path in self._folder.iterdir():
            named = _named(path)
            if time.time() - _touched(path) < FRESH_S:
                continue
            if named is None:
                path.unlink(missing_ok=True)
            else:
                self.find(*named, now)

    def _make_room(self, device: DeviceId) -> None:
        states = sorted(self._folder.glob(f"{device.hex}-*.state"), key=_touched)
        for state in states[: max(0, len(states) + 1 - OF_ONE_DEVICE_MOST)]:
            state.with_suffix(".data").unlink(missing_ok=True)
            state.unlink(missing_ok=True)

    def _paths(self, device: DeviceId, sha256: str) -> tuple[Path, Path]:
        stem = f"{device.hex}-{sha256}"
        return self._folder / f"{stem}.data", self._folder / f"{stem}.state"


def forget_uploads(folder: Path, names: list[str]) -> None:
    """What has come of these from any device, also while a server runs: it finds them gone."""
    for name in names:
        for path in folder.glob(f"*-{name}.*"):
            path.unlink(missing_ok=True)


def _upload_of(device: DeviceId, sha256: str, data: bytes) -> Upload:
    """ValueError when it is torn."""
    if len(data) != STATE.size + CHECK.size:
        raise ValueError("state")
    magic, byte_count, offset, touched = STATE.unpack_from(data)
    if magic != MAGIC or CHECK.unpack_from(data, STATE.size)[0] != zlib.crc32(data[: STATE.size]):
        raise ValueError("state")
    return Upload(device, sha256, byte_count, offset, datetime.fromtimestamp(touched, UTC))


def _write_state(path: Path, upload: Upload) -> None:
    """In place: so few bytes lie in one sector, which a disk writes whole."""
    told = STATE.pack(MAGIC, upload.byte_count, upload.offset, upload.touched_at.timestamp())
    file = os.open(path, os.O_WRONLY)
    try:
        write_all(file, told + CHECK.pack(zlib.crc32(told)))
        os.fsync(file)
    finally:
        os.close(file)


def _digest_of(path: Path, byte_count: int) -> str:
    """Of its first bytes: behind them may lie what a broken part left."""
    digest, left = hashlib.sha256(), byte_count
    with path.open("r+b") as file:
        while left and (block := file.read(min(READ_BYTES, left))):
            digest.update(block)
            left -= len(block)
        file.truncate(byte_count)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _named(path: Path) -> tuple[DeviceId, str] | None:
    device, _, sha256 = path.stem.partition("-")
    if path.suffix not in (".data", ".state") or len(sha256) != 64:
        return None
    try:
        return DeviceId(UUID(hex=device)), sha256
    except ValueError:
        return None


def _touched(path: Path) -> float:
    """By the file system; 0 when it went meanwhile."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0
