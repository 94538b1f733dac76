"""A frame number drawn into the picture: 32 bits of 16 pixels, each with its inverse below.

Read back from any size; half of the bits check the other half, so a blurred one is not misread.
"""

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]  # height, width

BITS, BIT_PX, ROW_PX = 32, 16, 24
WIDTH_PX, HEIGHT_PX = BITS * BIT_PX, 2 * ROW_PX
FROM_BOTTOM_PX = 72
LIGHT, DARK = 225, 30
LEAST_CONTRAST = 24.0


def place(width: int, height: int) -> tuple[int, int]:
    """(left, top) in a picture of the source's size; even."""
    return (width - WIDTH_PX) // 2 & ~1, height - FROM_BOTTOM_PX & ~1


def draw(luma: Luma, number: int) -> None:
    """`number` below 2**16."""
    left, top = place(luma.shape[1], luma.shape[0])
    word = number << 16 | _check(number)
    bits = np.array([word >> bit & 1 for bit in reversed(range(BITS))], dtype=bool)
    for row, lights in enumerate((bits, ~bits)):
        shades = np.where(np.repeat(lights, BIT_PX), LIGHT, DARK).astype(np.uint8)
        at = top + row * ROW_PX
        luma[at : at + ROW_PX, left : left + WIDTH_PX] = shades


def read(luma: Luma, source_width: int, source_height: int) -> int | None:
    """The number in a picture of any size; None when it cannot be read for certain."""
    across, down = luma.shape[1] / source_width, luma.shape[0] / source_height
    left, top = place(source_width, source_height)
    word = 0
    for bit in range(BITS):
        x = slice(*_middle((left + bit * BIT_PX) * across, BIT_PX * across))
        cells = [
            float(luma[slice(*_middle((top + row * ROW_PX) * down, ROW_PX * down)), x].mean())
            for row in range(2)
        ]
        if abs(cells[0] - cells[1]) < LEAST_CONTRAST:
            return None
        word = word << 1 | (cells[0] > cells[1])
    number = word >> 16
    return number if word & 0xFFFF == _check(number) else None


def _middle(start: float, length: float) -> tuple[int, int]:
    """The middle half of a cell, at least one pixel."""
    first = round(start + length / 4)
    return first, max(first + 1, round(start + 3 * length / 4))


def _check(number: int) -> int:
    return (number * 40503 + 12345) & 0xFFFF
