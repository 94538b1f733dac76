"""What a display shows, pixel by pixel, read from outside of the programs that draw there.

A private display keeps its picture in a file (XWD, X11's window dump); from a person's display the
window is asked of the X server.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from demo.display import Display
from demo.waiting import NotSo
from demo.window_grab import WindowGrabber

Pixels = npt.NDArray[np.uint8]  # rows, columns, red-green-blue
Box = tuple[int, int, int, int]  # x, y, width, height

# Header of an XWD file, version 7: 25 big-endian words, of which we need these.
XWD_WORDS = struct.Struct(">25I")
HEADER_SIZE, VERSION, WIDTH, HEIGHT, BITS_PER_PIXEL, BYTES_PER_LINE, COLOURS = (
    0,
    1,
    4,
    5,
    11,
    12,
    19,
)
COLOUR_BYTES = 12


class Screen:
    """One display; `pid` is whose window is looked at when the display is a person's."""

    def __init__(self, display: Display) -> None:
        self._grabber = WindowGrabber(display.environment)
        self._rows = None if display.picture is None else _mapped(display.picture)

    def close(self) -> None:
        self._grabber.close()

    def pixels(self, pid: int, box: Box | None = None) -> Pixels:
        """A copy of what is there now; of the whole window without a box."""
        if self._rows is None:
            return self._grabber.grab(pid, box)
        rows = self._rows
        if box is not None:
            x, y, width, height = box
            rows = rows[max(0, y) : y + height, max(0, x) : x + width]
        return np.ascontiguousarray(rows[:, :, 2::-1])  # stored as blue, green, red, unused


def _mapped(path: Path) -> Pixels:
    words = XWD_WORDS.unpack(path.read_bytes()[: XWD_WORDS.size])
    if words[VERSION] != 7 or words[BITS_PER_PIXEL] != 32:
        raise NotSo("the private display's picture has a form that is not known")
    start = words[HEADER_SIZE] + words[COLOURS] * COLOUR_BYTES
    columns = words[BYTES_PER_LINE] // 4
    mapped = np.memmap(
        path, dtype=np.uint8, mode="r", offset=start, shape=(words[HEIGHT], columns, 4)
    )
    return mapped[:, : words[WIDTH]]


def save_png(pixels: Pixels, path: Path) -> None:
    """PNG (ISO/IEC 15948): 8-bit colour, no filter."""
    height, width, _ = pixels.shape
    lines = np.zeros((height, width * 3 + 1), np.uint8)
    lines[:, 1:] = pixels.reshape(height, width * 3)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(lines.tobytes(), 5))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
