"""An append-only file of encrypted frames beside the store: what was done, if the store is lost.

A frame is durable when `append` returns. The file ends whole, or in a frame that a crash cut short,
which was never acknowledged and is dropped; any other fault is told as damage. Knows no database.
"""

import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from offline_store.profile_folder import disk_failures, write_durably

# header  4 "BDSJ" | 1 version | 16 file id
# frame   4 bytes of body | 8 counter | 4 CRC of both | body: 12 nonce | ciphertext | 16 tag
# What is sealed is bound to the header and to its own head.
HEADER = struct.Struct(">4sB16s")
HEAD = struct.Struct(">IQ")
CRC = struct.Struct(">I")
MAGIC, VERSION = b"BDSJ", 1
NONCE_BYTES, TAG_BYTES = 12, 16
HEAD_BYTES = HEAD.size + CRC.size


@dataclass(frozen=True, slots=True)
class Frame:
    """Counters never fall from one frame to the next."""

    counter: int
    payload: bytes


@dataclass(slots=True)
class Found:
    """What could be read. `end`: bytes up to which the file is whole."""

    frames: list[Frame] = field(default_factory=list)
    is_damaged: bool = False
    end: int = 0

    @property
    def last_counter(self) -> int:
        return self.frames[-1].counter if self.frames else 0


class Journal:
    """Used by one thread. `key` is this file's own and encrypts nothing else."""

    def __init__(self, path: Path, key: bytes, *, sync: Callable[[int], None] = os.fsync) -> None:
        self._path, self._cipher, self._sync = path, AESGCM(key), sync
        self._header, self._descriptor = b"", -1
        self.byte_count = 0
        self._before_last = 0

    def read(self) -> Found:
        """Every frame that can be read. A file that is not there is an empty one."""
        with disk_failures():
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return Found()
        return self._found_in(data)

    def _found_in(self, data: bytes) -> Found:
        if len(data) < HEADER.size or data[:5] != HEADER.pack(MAGIC, VERSION, bytes(16))[:5]:
            return Found(is_damaged=True)
        header, found = data[: HEADER.size], Found(end=HEADER.size)
        at, never_written_from = HEADER.size, len(data.rstrip(b"\0"))
        while at < len(data):
            frame, end = self._frame_at(data, at, header)
            if frame is not None and frame.counter >= found.last_counter:
                found.frames.append(frame)
                at = found.end = end
            elif end > len(data) or len(data) - at < HEAD_BYTES or at >= never_written_from:
                break  # what a crash leaves: less than a frame, or room that was never written
            else:
                found.is_damaged = True
                at = end if frame is None and end > at else at + 1
        return found

    def _frame_at(self, data: bytes, at: int, header: bytes) -> tuple[Frame | None, int]:
        """The frame, and where the next begins; `at` itself when the head cannot be believed."""
        head = data[at : at + HEAD_BYTES]
        if len(head) < HEAD_BYTES or CRC.pack(zlib.crc32(head[: HEAD.size])) != head[HEAD.size :]:
            return None, at
        length, counter = HEAD.unpack(head[: HEAD.size])
        body, end = data[at + HEAD_BYTES : at + HEAD_BYTES + length], at + HEAD_BYTES + length
        try:
            payload = self._cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], header + head)
        except (InvalidTag, ValueError):
            return None, end
        return Frame(counter, payload), end

    def open_at(self, end: int) -> None:
        """To append behind what `read` found whole; what a crash left after it is cut off."""
        with disk_failures():
            self._open()
            os.ftruncate(self._descriptor, end)
            self._sync(self._descriptor)
        self.byte_count = self._before_last = end

    def _open(self) -> None:
        self.close()
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self._header = os.pread(self._descriptor, HEADER.size, 0)

    def write_anew(self, frames: Iterable[Frame]) -> None:
        """The whole file, in place of the one there was: at every moment one of them is whole."""
        header = HEADER.pack(MAGIC, VERSION, os.urandom(16))
        data = b"".join([header, *self._sealed(frames, header)])
        with disk_failures():
            write_durably(self._path, data)
            self._open()
        self.byte_count = self._before_last = len(data)

    def _sealed(self, frames: Iterable[Frame], header: bytes) -> Iterator[bytes]:
        for frame in frames:
            nonce = os.urandom(NONCE_BYTES)
            length = NONCE_BYTES + len(frame.payload) + TAG_BYTES
            head = HEAD.pack(length, frame.counter)
            head += CRC.pack(zlib.crc32(head))
            yield head + nonce + self._cipher.encrypt(nonce, frame.payload, header + head)

    def append(self, frame: Frame) -> None:
        """Durable when this returns; when it raises, the file is as it was."""
        data = next(self._sealed([frame], self._header))
        self._before_last = self.byte_count
        with disk_failures():
            try:
                left, at = memoryview(data), self.byte_count
                while left:
                    written = os.pwrite(self._descriptor, left, at)
                    left, at = left[written:], at + written
                self._sync(self._descriptor)
            except OSError:
                self._cut(self._before_last)
                raise
        self.byte_count += len(data)

    def take_back(self) -> None:
        """The last frame: its transaction did not come about."""
        with disk_failures():
            self._cut(self._before_last)
        self.byte_count = self._before_last

    def _cut(self, end: int) -> None:
        os.ftruncate(self._descriptor, end)
        self._sync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
