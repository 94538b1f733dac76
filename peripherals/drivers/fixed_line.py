"""Lines of one exact length that end in CR LF: what codecs of printers' formats share.

Such lines carry no checksum, so every width, digit and date of them must be right. What stands
before the last so many bytes of a line cannot belong to it and is passed over.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from peripherals.drivers.fault import Fault, Why

FrameT = TypeVar("FrameT")

END = b"\r\n"
SLICE_BYTES = 1024
LOOKED_AT_BYTES = 128  # of a bad line: enough to see that it was meant to be one of ours


class FixedLineCodec(Generic[FrameT]):
    """Fulfils Codec. `frame_of` gets exactly `line_bytes` bytes and says None to what is none."""

    def __init__(
        self, line_bytes: int, commas: int, frame_of: Callable[[bytes], FrameT | None]
    ) -> None:
        self._line_bytes = line_bytes
        self._commas = commas
        self._frame_of = frame_of
        self._buffer = bytearray()
        self._skipped = 0  # of the present line, no longer in the buffer

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[FrameT | Fault]:
        found: list[FrameT | Fault] = []
        for start in range(0, len(data), SLICE_BYTES):
            self._buffer += data[start : start + SLICE_BYTES]
            self._take_lines(found)
        return found

    def idle(self) -> list[FrameT | Fault]:
        """A line is ended by its end, never by silence: the person may have pulled the cable."""
        byte_count = self._skipped + len(self._buffer)
        self._buffer.clear()
        self._skipped = 0
        return [Fault(Why.CUT_SHORT, byte_count)] if byte_count else []

    def _take_lines(self, found: list[FrameT | Fault]) -> None:
        place = 0
        while (end := self._buffer.find(END, place)) >= 0:
            end += len(END)
            self._take_line(
                bytes(self._buffer[max(place, end - LOOKED_AT_BYTES) : end]), end - place, found
            )
            place = end
        del self._buffer[:place]
        too_many = len(self._buffer) - (LOOKED_AT_BYTES - 1)
        if too_many > 0:
            self._skipped += too_many
            del self._buffer[:too_many]

    def _take_line(self, tail: bytes, byte_count: int, found: list[FrameT | Fault]) -> None:
        byte_count += self._skipped
        self._skipped = 0
        line = tail[-self._line_bytes :]
        frame = self._frame_of(line) if len(line) == self._line_bytes else None
        if frame is not None:
            if byte_count > self._line_bytes:
                found.append(Fault(Why.LOST_BYTES, byte_count - self._line_bytes))
            found.append(frame)
            return
        is_ours = tail.count(b",") >= self._commas
        found.append(Fault(Why.BAD_FIELD if is_ours else Why.LOST_BYTES, byte_count))
