"""Frames found by their shape: what each byte of a fixed beginning may be.

Most bytes of noise are passed over by one search of a regular expression. A beginning at the end of
what has come waits for its rest, so that the frames are the same however the bytes are cut.
"""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Generic, TypeVar

from peripherals.drivers.fault import Fault, Why
from peripherals.drivers.passed_over import PassedOver

FrameT = TypeVar("FrameT")

SLICE_BYTES = 2048  # with one begun frame the buffer stays below 4 KiB

ANY = rb"[\x00-\xff]"


class Shape:
    """Alternatives of one class of bytes after the other, such as (rb"\\x01", ANY).

    Compiled with the first byte: for a frame of a hundred bytes that takes as long as reading some
    twenty modules, and of all the drivers that a start reads few have a device.
    """

    def __init__(self, *alternatives: Sequence[bytes]) -> None:
        self._alternatives = alternatives
        self.longest = max(len(classes) for classes in alternatives)
        self.is_mixed = any(len(classes) < self.longest for classes in alternatives)

    @cached_property
    def whole(self) -> re.Pattern[bytes]:
        return re.compile(b"|".join(b"".join(classes) for classes in self._alternatives))

    @cached_property
    def begun(self) -> re.Pattern[bytes]:
        """Any part of a frame that ends where the bytes end."""
        return re.compile(b"|".join(_begun(classes) for classes in self._alternatives))


def _begun(classes: Sequence[bytes]) -> bytes:
    """Any part of it that ends where the bytes end."""
    pattern = b""
    for one in reversed(classes):
        pattern = one + rb"(?:\Z|" + pattern + rb")" if pattern else one + rb"\Z"
    return pattern


def length_of_shape(beginning: bytes) -> int:
    """Of a frame whose shape is the whole of it."""
    return len(beginning)


def cut_short(_: bytes) -> Why:
    return Why.CUT_SHORT


class ShapeCodec(Generic[FrameT]):
    """`read` makes a frame of whole bytes or says why they are none; `length_of` says how many
    bytes belong to a beginning (0: no frame is so long); `why_begun` why a begun frame is none.
    """

    def __init__(
        self,
        shape: Shape,
        read: Callable[[bytes], FrameT | Why],
        length_of: Callable[[bytes], int] = length_of_shape,
        why_begun: Callable[[bytes], Why] = cut_short,
    ) -> None:
        self._shape = shape
        self._read = read
        self._length_of = length_of
        self._why_begun = why_begun
        self._rest = b""
        self._passed_over = PassedOver()

    @property
    def buffered_bytes(self) -> int:
        return len(self._rest)

    def feed(self, data: bytes) -> list[FrameT | Fault]:
        found: list[FrameT | Fault] = []
        for start in range(0, len(data), SLICE_BYTES):
            self._scan(self._rest + data[start : start + SLICE_BYTES], found)
        return found

    def idle(self) -> list[FrameT | Fault]:
        """A false beginning may have claimed the bytes of a true frame: those are found now."""
        found: list[FrameT | Fault] = []
        while self._rest:
            self._passed_over.add(1, self._why_begun(self._rest))
            self._scan(self._rest[1:], found)
        return found + self._passed_over.told()

    def _scan(self, data: bytes, found: list[FrameT | Fault]) -> None:
        search, read, length_of = self._shape.whole.search, self._read, self._length_of
        is_mixed, longest = self._shape.is_mixed, self._shape.longest
        skip, place, end = self._passed_over.add, 0, len(data)
        is_clean = False  # nothing passed over since the last frame
        while (match := search(data, place)) is not None:
            start = match.start()
            if is_mixed and start > end - longest and self._begins(data, place) < start:
                match = None  # a short frame inside one that is begun: which, its rest will tell
                break
            length = length_of(match[0])
            if start + length > end:
                break
            if start > place:
                skip(start - place, Why.LOST_BYTES)
                is_clean = False
            frame = read(data[start : start + length]) if length else Why.BAD_LENGTH
            if isinstance(frame, Why):  # only one byte goes: a true frame may begin inside
                skip(1, frame)
                is_clean = False
                place = start + 1
                continue
            if not is_clean:
                found += self._passed_over.told()
                is_clean = True
            found.append(frame)
            place = start + length
        start = self._begins(data, place) if match is None else match.start()
        if start > place:
            skip(start - place, Why.LOST_BYTES)
        self._rest = data[start:]

    def _begins(self, data: bytes, place: int) -> int:
        """Where a frame is begun that goes on beyond the end; the end where there is none."""
        tail = max(place, len(data) - self._shape.longest + 1)
        begun = self._shape.begun.search(data, tail)
        return len(data) if begun is None else begun.start()
