"""Finds frames in a stream of bytes, however it is cut: what codecs with a beginning mark share.

What stands between frames is told as a Fault. Where a frame turns out to be none, only its first
byte is passed over: a true one may begin inside.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from peripherals.drivers.fault import Fault, Why

FrameT = TypeVar("FrameT")

SLICE_BYTES = 512
LONGEST_FRAME_BYTES = 3072  # with one slice behind an incomplete frame the buffer stays below 4 KiB


@dataclass(frozen=True, slots=True)
class Whole(Generic[FrameT]):
    frame: FrameT
    byte_count: int


@dataclass(frozen=True, slots=True)
class Skip:
    """No frame begins here."""

    why: Why
    byte_count: int = 1


# What begins at a place of the buffer: None when more bytes must come to tell. Must not ask for
# more than LONGEST_FRAME_BYTES. The flag says that nothing more will come.
Look = Callable[[bytearray, int, bool], Whole[FrameT] | Skip | None]


class Scanner(Generic[FrameT]):
    """Fulfils Codec. `first` matches one byte with which a frame may begin."""

    def __init__(self, first: re.Pattern[bytes], look: Look[FrameT]) -> None:
        self._first = first
        self._look = look
        self._buffer = bytearray()
        self._skipped = 0
        self._why: Why | None = None

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[FrameT | Fault]:
        found: list[FrameT | Fault] = []
        for start in range(0, len(data), SLICE_BYTES):
            self._buffer += data[start : start + SLICE_BYTES]
            self._scan(found, is_over=False)
        return found

    def idle(self) -> list[FrameT | Fault]:
        """The rest of a begun frame will not come; what a false beginning claimed is found now."""
        found: list[FrameT | Fault] = []
        self._scan(found, is_over=True)
        while self._buffer:
            self._skip(1, Why.CUT_SHORT)
            del self._buffer[0]
            self._scan(found, is_over=True)
        self._tell_skipped(found)
        return found

    def _scan(self, found: list[FrameT | Fault], *, is_over: bool) -> None:
        buffer, place, end = self._buffer, 0, len(self._buffer)
        while place < end:
            begins = self._first.search(buffer, place)
            start = end if begins is None else begins.start()
            if start > place:
                self._skip(start - place, Why.LOST_BYTES)
                place = start
                continue
            seen = self._look(buffer, place, is_over)
            if seen is None:
                break
            if isinstance(seen, Whole):
                self._tell_skipped(found)
                found.append(seen.frame)
            else:
                self._skip(seen.byte_count, seen.why)
            place += seen.byte_count
        del buffer[:place]

    def _skip(self, byte_count: int, why: Why) -> None:
        self._skipped += byte_count
        if self._why in (None, Why.LOST_BYTES):  # the first reason that says more wins
            self._why = why

    def _tell_skipped(self, found: list[FrameT | Fault]) -> None:
        if self._skipped and self._why is not None:
            found.append(Fault(self._why, self._skipped))
        self._skipped, self._why = 0, None
