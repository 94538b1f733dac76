"""Frames that only silence divides: what codecs without mark and checksum share.

`feed` only gathers; what came between two silences is judged whole, so that no part of a longer
stream can pass for a frame.
"""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from peripherals.drivers.fault import Fault, Why

FrameT = TypeVar("FrameT")


class SilenceCodec(Generic[FrameT]):
    """Fulfils Codec. `frames_of` says None to what is not wholly made of frames."""

    def __init__(
        self, longest_bytes: int, frames_of: Callable[[bytes], Sequence[FrameT] | None]
    ) -> None:
        self._longest_bytes = longest_bytes
        self._frames_of = frames_of
        self._buffer = bytearray()
        self._byte_count = 0

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[FrameT | Fault]:
        self._byte_count += len(data)
        self._buffer += data[: self._longest_bytes - len(self._buffer)]
        return []

    def idle(self) -> list[FrameT | Fault]:
        raw, byte_count = bytes(self._buffer), self._byte_count
        self._buffer.clear()
        self._byte_count = 0
        if not byte_count:
            return []
        if byte_count > self._longest_bytes:
            return [Fault(Why.BAD_LENGTH, byte_count)]
        frames = self._frames_of(raw)
        return [Fault(Why.BAD_FIELD, byte_count)] if frames is None else list(frames)
