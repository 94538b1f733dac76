"""A 32-bit number and a frame counter as black and white cells, drawn and read back.

The frame of pure magenta is found by its colour wherever a window puts the picture, at any size; a
check sum tells a misread one from a read one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

COLUMNS, ROWS, CELL, FRAME = 8, 7, 22, 12
WIDTH, HEIGHT = COLUMNS * CELL + 2 * FRAME, ROWS * CELL + 2 * FRAME
NUMBER_BITS, COUNTER_BITS, CHECK_BITS = 32, 16, 8
MAGENTA = (255, 0, 255)
SMALLEST = 40  # columns of the frame on a screen, below which no cell can be told
CRC8 = 0x07  # x^8 + x^2 + x + 1


@dataclass(frozen=True, slots=True)
class Seen:
    number: int
    counter: int


def cells(number: int, counter: int) -> npt.NDArray[np.bool_]:
    """ROWS x COLUMNS, true is white."""
    body = number << COUNTER_BITS | counter
    bits = body << CHECK_BITS | _check(body)
    count = NUMBER_BITS + COUNTER_BITS + CHECK_BITS
    flat = [bool(bits >> (count - 1 - place) & 1) for place in range(count)]
    return np.array(flat).reshape(ROWS, COLUMNS)


def read(pixels: npt.NDArray[np.uint8]) -> Seen | None:
    """The code in a picture of red, green, blue; None when there is none that can be read."""
    found = _frame(pixels)
    if found is None:
        return None
    left, top, width, height = found
    grey = pixels.astype(np.float32).mean(axis=2)
    levels = np.zeros((ROWS, COLUMNS), np.float32)
    for row in range(ROWS):
        for column in range(COLUMNS):
            x = left + width * (FRAME + (column + 0.5) * CELL) / WIDTH
            y = top + height * (FRAME + (row + 0.5) * CELL) / HEIGHT
            reach_x, reach_y = (
                max(1, int(width * CELL / WIDTH / 4)),
                max(1, int(height * CELL / HEIGHT / 4)),
            )
            part = grey[
                int(y) - reach_y : int(y) + reach_y + 1, int(x) - reach_x : int(x) + reach_x + 1
            ]
            levels[row, column] = part.mean() if part.size else 0.0
    middle = (levels.max() + levels.min()) / 2
    return _seen(levels > middle)


def _frame(pixels: npt.NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """x, y, width and height of the magenta frame, outer edges."""
    red, green, blue = (pixels[:, :, colour].astype(np.int16) for colour in range(3))
    mask = (np.minimum(red, blue) - green > 70) & (red > 120) & (blue > 120)
    columns, rows = mask.sum(axis=0), mask.sum(axis=1)
    if columns.max(initial=0) < SMALLEST / 2 or rows.max(initial=0) < SMALLEST:
        return None
    wide = np.flatnonzero(columns > columns.max() / 2)
    high = np.flatnonzero(rows > rows.max() / 2)
    width, height = int(wide[-1] - wide[0]) + 1, int(high[-1] - high[0]) + 1
    return int(wide[0]), int(high[0]), width, height


def _seen(bits: npt.NDArray[np.bool_]) -> Seen | None:
    value = 0
    for bit in bits.flat:
        value = value << 1 | int(bit)
    body, check = value >> CHECK_BITS, value & (1 << CHECK_BITS) - 1
    if _check(body) != check:
        return None
    return Seen(body >> COUNTER_BITS, body & (1 << COUNTER_BITS) - 1)


def _check(body: int) -> int:
    """CRC-8 over the bytes, begun with ones so that an empty code is no code."""
    rest = 0xFF
    for byte in body.to_bytes((NUMBER_BITS + COUNTER_BITS) // 8, "big"):
        rest ^= byte
        for _ in range(8):
            rest = (rest << 1 ^ CRC8 if rest & 0x80 else rest << 1) & 0xFF
    return rest
