"""Pictures from one process to another in anonymous memory: four slots, the newest wins.

One writer; any number of readers, which can neither write nor hold it up, and may be killed. A
slot's number stands before and after its picture, so that a half-written one is never taken.
"""

import mmap
import os
from collections.abc import Iterable

from app.domain.failures import Code, Rejected, Untrusted
from app.domain.picture import Layout, Picture, picture_bytes
from media.link.sealed_memory import mapped, new_shared

SLOTS = 4
SLOT_MAX_BYTES = 64 * 1024 * 1024  # a picture of 4096 x 4096 in four bytes
_HEAD_BYTES = 64
# Eight native words of 8 bytes: each is written and read in one piece.
_BEGUN, _WHOLE, _WIDTH, _HEIGHT, _LAYOUT, _SIZE, _CAPTURED_NS = range(7)
_LAYOUTS = (Layout.I420, Layout.BGRA)
_TRIES = 3


def _stride(slot_bytes: int) -> int:
    whole = _HEAD_BYTES + slot_bytes
    return -(-whole // mmap.PAGESIZE) * mmap.PAGESIZE


def _is_picture(width: int, height: int, layout: Layout) -> bool:
    """Whoever draws or codes it relies on this: something is there, and I420 has even sizes."""
    is_even = width % 2 == 0 and height % 2 == 0
    return width > 0 and height > 0 and (is_even or layout is Layout.BGRA)


class FrameWriter:
    """Owns the memory. `descriptor` is what readers are given.

    `after`: the last number of the writer that this one replaces, so that numbers only grow.
    """

    def __init__(self, slot_bytes: int, after: int = 0) -> None:
        if not 0 < slot_bytes <= SLOT_MAX_BYTES:
            raise Rejected(Code.TOO_LARGE, "picture")
        self.slot_bytes = slot_bytes
        self._stride = _stride(slot_bytes)
        self.descriptor, self._memory = new_shared(SLOTS * self._stride, "pictures")
        self._bytes = memoryview(self._memory)
        self._words = self._bytes.cast("Q")
        self._sequence = after

    @property
    def sequence(self) -> int:
        return self._sequence

    def write(
        self,
        width: int,
        height: int,
        layout: Layout,
        captured_at: float,
        parts: Iterable[bytes | memoryview],
    ) -> tuple[int, int]:
        """Copy one picture in, part after part. -> (slot, sequence)."""
        size = picture_bytes(width, height, layout)
        if not 0 < size <= self.slot_bytes:
            raise Rejected(Code.TOO_LARGE, "picture")
        self._sequence += 1
        slot = self._sequence % SLOTS
        head = slot * self._stride // 8
        self._words[head + _BEGUN] = self._sequence
        self._copy(slot * self._stride + _HEAD_BYTES, size, parts)
        self._words[head + _WIDTH] = width
        self._words[head + _HEIGHT] = height
        self._words[head + _LAYOUT] = _LAYOUTS.index(layout)
        self._words[head + _SIZE] = size
        self._words[head + _CAPTURED_NS] = int(captured_at * 1e9)
        self._words[head + _WHOLE] = self._sequence
        return slot, self._sequence

    def _copy(self, at: int, size: int, parts: Iterable[bytes | memoryview]) -> None:
        end = at + size
        for part in parts:
            if at + len(part) > end:
                raise Rejected(Code.TOO_LARGE, "picture")
            self._bytes[at : at + len(part)] = part
            at += len(part)
        if at != end:
            raise Rejected(Code.INCOMPLETE, "picture")

    def close(self) -> None:
        self._words.release()
        self._bytes.release()
        self._memory.close()
        os.close(self.descriptor)


class FrameReader:
    """Takes the descriptor over. `newest()` is cheap when nothing new came."""

    def __init__(self, descriptor: int, slot_bytes: int) -> None:
        try:
            if not 0 < slot_bytes <= SLOT_MAX_BYTES:
                raise Untrusted(Code.TOO_LARGE, "shared memory")
            self._slot_bytes = slot_bytes
            self._stride = _stride(slot_bytes)
            self._memory = mapped(descriptor, SLOTS * self._stride)
        finally:
            os.close(descriptor)
        self._bytes = memoryview(self._memory)
        self._words = self._bytes.cast("Q")
        # Two places in turn: a half-written picture does not spoil the one that is shown.
        self._free, self._shown = memoryview(b""), memoryview(b"")
        self._picture: Picture | None = None
        self.torn = 0  # half-written pictures that were passed over

    def newest(self) -> Picture | None:
        """The newest whole picture, the same one again when none came; None before the first."""
        for _ in range(_TRIES):
            slot, sequence = self._newest_slot()
            if sequence <= (self._picture.sequence if self._picture else 0):
                break
            picture = self._take(slot, sequence)
            if picture is not None:
                self._picture = picture
                break
            self.torn += 1
        return self._picture

    def _newest_slot(self) -> tuple[int, int]:
        wholes = [self._words[slot * self._stride // 8 + _WHOLE] for slot in range(SLOTS)]
        newest = max(wholes)
        return wholes.index(newest), newest

    def _take(self, slot: int, sequence: int) -> Picture | None:
        head = slot * self._stride // 8
        said = self._words[head : head + 8].tolist()
        width, height, layout = said[_WIDTH], said[_HEIGHT], said[_LAYOUT]
        size = said[_SIZE]
        if said[_WHOLE] != sequence or said[_BEGUN] != sequence or layout >= len(_LAYOUTS):
            return None
        if not _is_picture(width, height, _LAYOUTS[layout]):
            return None
        if size > self._slot_bytes or size != picture_bytes(width, height, _LAYOUTS[layout]):
            return None
        if len(self._free) != size:
            self._free = memoryview(bytearray(size))
        start = slot * self._stride + _HEAD_BYTES
        self._free[:] = self._bytes[start : start + size]
        if self._words[head + _BEGUN] != sequence:
            return None
        self._free, self._shown = self._shown, self._free
        return Picture(
            width=width,
            height=height,
            layout=_LAYOUTS[layout],
            data=self._shown.toreadonly(),
            sequence=sequence,
            captured_at=said[_CAPTURED_NS] / 1e9,
        )

    def close(self) -> None:
        self._picture = None
        self._words.release()
        self._bytes.release()
        self._memory.close()
