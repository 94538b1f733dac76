"""Curves from the media process to the screen: a ring of strips in anonymous memory.

One writer; any number of readers, which can neither write nor hold it up. A reader that looks too
seldom misses the oldest, and nothing waits for it anywhere.
"""

import mmap
import os
import struct

from app.domain.curve import STRIP_MAX_BYTES, CurveKind, Strip
from app.domain.failures import Code, Rejected
from media.link.sealed_memory import mapped, new_shared

STRIPS = 512  # eight seconds of sound and spectrum
_HEAD = struct.Struct("=QQIIdd")  # begun, kind and curve, bytes, spare, at, seconds
_WHOLE = struct.Struct("=Q")  # at the end: the same number as `begun`
_STRIDE = (_HEAD.size + STRIP_MAX_BYTES + _WHOLE.size + 63) // 64 * 64
_FIRST = 64  # before it stands the number of the newest whole strip
_BYTES = -(-(_FIRST + STRIPS * _STRIDE) // mmap.PAGESIZE) * mmap.PAGESIZE
_KINDS = {int(kind): kind for kind in CurveKind}
_KIND_BITS = 8


class CurveWriter:
    """Owns the memory; `descriptor` is what readers are given."""

    def __init__(self) -> None:
        self.descriptor, self._memory = new_shared(_BYTES, "curves")
        self._number = 0

    def write(self, strip: Strip) -> None:
        if len(strip.data) > STRIP_MAX_BYTES:
            raise Rejected(Code.TOO_LARGE, "strip")
        self._number += 1
        at = _FIRST + self._number % STRIPS * _STRIDE
        _WHOLE.pack_into(self._memory, at + _STRIDE - _WHOLE.size, 0)
        named = strip.curve << _KIND_BITS | strip.kind
        size = len(strip.data)
        _HEAD.pack_into(self._memory, at, self._number, named, size, 0, strip.at_s, strip.seconds)
        self._memory[at + _HEAD.size : at + _HEAD.size + size] = strip.data
        _WHOLE.pack_into(self._memory, at + _STRIDE - _WHOLE.size, self._number)
        _WHOLE.pack_into(self._memory, 0, self._number)

    def close(self) -> None:
        self._memory.close()
        os.close(self.descriptor)


class CurveReader:
    """Takes the descriptor over. `taken()` is cheap when nothing new came."""

    def __init__(self, descriptor: int) -> None:
        try:
            self._memory = mapped(descriptor, _BYTES)
        finally:
            os.close(descriptor)
        self._number = 0

    def taken(self) -> list[Strip]:
        """What came since this was asked, oldest first."""
        (newest,) = _WHOLE.unpack_from(self._memory, 0)
        first = max(self._number, newest - STRIPS + 1) + 1
        self._number = max(self._number, newest)
        read = (self._read(number) for number in range(first, newest + 1))
        return [strip for strip in read if strip is not None]

    def close(self) -> None:
        self._memory.close()

    def _read(self, number: int) -> Strip | None:
        """None when it was overwritten meanwhile."""
        at = _FIRST + number % STRIPS * _STRIDE
        begun, named, size, _, at_s, seconds = _HEAD.unpack_from(self._memory, at)
        kind = _KINDS.get(named & ((1 << _KIND_BITS) - 1))
        if begun != number or kind is None or size > STRIP_MAX_BYTES:
            return None
        data = self._memory[at + _HEAD.size : at + _HEAD.size + size]
        (whole,) = _WHOLE.unpack_from(self._memory, at + _STRIDE - _WHOLE.size)
        (begun,) = _WHOLE.unpack_from(self._memory, at)
        if whole != number or begun != number:
            return None
        return Strip(named >> _KIND_BITS, kind, at_s, seconds, data)
