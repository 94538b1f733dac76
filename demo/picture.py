"""The synthetic camera picture: an invented person in a room, a running clock, a number to prove.

Written as YUV4MPEG2, which needs no codec. Drawn in planes of brightness and colour at once: only
what moves is drawn anew for each frame.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from demo import barcode

WIDTH, HEIGHT = 640, 480
FRAMES_PER_SECOND = 15
SECONDS = 8
CODE_LEFT, CODE_TOP = 24, 220  # even: colour has half the places
CLOCK_LEFT, CLOCK_TOP = 24, 24

Plane = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

# Seven segments of a digit: top, upper right, lower right, bottom, lower left, upper left, middle.
SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}
# Five columns by seven rows, a row each in five bits.
GLYPHS = {
    "A": (14, 17, 17, 31, 17, 17, 17),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "N": (17, 25, 21, 19, 17, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "W": (17, 17, 17, 21, 21, 27, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4),
}


@dataclass(slots=True)
class Planes:
    """Brightness at full size, both colours at half."""

    y: Plane
    u: Plane
    v: Plane

    def copy(self) -> "Planes":
        return Planes(self.y.copy(), self.u.copy(), self.v.copy())

    def paint(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        y, u, v = _yuv(colour)
        self.y[top : top + height, left : left + width] = y
        half = (slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2))
        self.u[half], self.v[half] = u, v

    def paint_where(self, mask: npt.NDArray[np.bool_], colour: Colour) -> None:
        y, u, v = _yuv(colour)
        self.y[mask] = y
        self.u[mask[::2, ::2]], self.v[mask[::2, ::2]] = u, v


def write_video(
    path: Path,
    number: int,
    side: str,
    shirt: Colour,
    frames_per_second: int = FRAMES_PER_SECOND,
) -> None:
    """`number` stands in each frame, beside the frame's own number."""
    room = _room(side)
    person, mask = _person(room, shirt)
    count = SECONDS * frames_per_second
    with path.open("wb") as file:
        file.write(
            f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{frames_per_second}:1 Ip A1:1 C420jpeg\n".encode()
        )
        for frame in range(count):
            picture = room.copy()
            sway = 2 * round(6 * np.sin(2 * np.pi * frame / count * 2))
            _put(picture, person, mask, sway)
            _draw_eyes(picture, sway, is_shut=frame % (3 * frames_per_second) < 2)
            _draw_ball(picture, frame, count)
            _draw_clock(picture, frame / frames_per_second)
            _draw_code(picture, number, frame)
            file.write(b"FRAME\n")
            for plane in (picture.y, picture.u, picture.v):
                file.write(plane.tobytes())


def _yuv(colour: Colour) -> Colour:
    """BT.601, full range limited to the studio's, as cameras give it."""
    red, green, blue = (part / 255 for part in colour)
    y = 16 + 65.5 * red + 128.6 * green + 24.9 * blue
    u = 128 - 37.8 * red - 74.2 * green + 112.0 * blue
    v = 128 + 112.0 * red - 93.8 * green - 18.2 * blue
    return round(y), round(u), round(v)


def _ellipse(x: float, y: float, wide: float, high: float) -> npt.NDArray[np.bool_]:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    inside: npt.NDArray[np.bool_] = ((columns - x) / wide) ** 2 + ((rows - y) / high) ** 2 <= 1
    return inside


def _room(side: str) -> Planes:
    wall = Planes(
        np.zeros((HEIGHT, WIDTH), np.uint8),
        np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8),
        np.zeros((HEIGHT // 2, WIDTH // 2), np.uint8),
    )
    wall.paint(0, 0, WIDTH, HEIGHT, (176, 196, 205))
    shade = np.linspace(18, -22, WIDTH).astype(np.int16)
    wall.y = np.clip(wall.y.astype(np.int16) + shade, 16, 235).astype(np.uint8)
    wall.paint(0, 420, WIDTH, 60, (120, 132, 138))
    wall.paint(500, 60, 110, 150, (236, 240, 236))  # a window
    wall.paint(508, 68, 46, 134, (150, 190, 226))
    wall.paint(558, 68, 44, 134, (150, 190, 226))
    _write(wall, "SYNTHETIC PICTURE", 236, 20)
    _write(wall, side.upper(), 236, 44)
    return wall


def _person(room: Planes, shirt: Colour) -> tuple[Planes, npt.NDArray[np.bool_]]:
    drawn = room.copy()
    body = _ellipse(400, 500, 150, 170)
    neck = _ellipse(400, 320, 34, 60)
    head = _ellipse(400, 230, 74, 94)
    hair = _ellipse(400, 190, 82, 74) & ~_ellipse(400, 246, 76, 82)
    drawn.paint_where(body, shirt)
    drawn.paint_where(neck, (196, 148, 120))
    drawn.paint_where(head, (214, 168, 138))
    drawn.paint_where(hair, (70, 52, 44))
    drawn.paint_where(_ellipse(400, 286, 26, 9) & ~_ellipse(400, 280, 28, 8), (160, 76, 76))
    return drawn, body | neck | head | hair


def _put(picture: Planes, person: Planes, mask: npt.NDArray[np.bool_], sway: int) -> None:
    moved = np.roll(mask, sway, axis=1)
    half = moved[::2, ::2]
    picture.y[moved] = np.roll(person.y, sway, axis=1)[moved]
    picture.u[half] = np.roll(person.u, sway // 2, axis=1)[half]
    picture.v[half] = np.roll(person.v, sway // 2, axis=1)[half]


def _draw_eyes(picture: Planes, sway: int, *, is_shut: bool) -> None:
    for x in (366, 418):
        if is_shut:
            picture.paint(x + sway, 228, 18, 2, (150, 110, 92))
        else:
            picture.paint(x + sway, 222, 18, 10, (250, 250, 250))
            picture.paint(x + sway + 6, 222, 8, 10, (40, 60, 80))


def _draw_ball(picture: Planes, frame: int, count: int) -> None:
    """Along the floor, once in a round of the film: a still picture is seen at once."""
    left = 2 * int((WIDTH - 40) / 2 * frame / count)
    picture.paint(left, 436, 32, 32, (232, 150, 40))


def _draw_clock(picture: Planes, seconds: float) -> None:
    picture.paint(CLOCK_LEFT - 8, CLOCK_TOP - 8, 196, 72, (24, 28, 32))
    place = CLOCK_LEFT
    for sign in f"{seconds:05.2f}":
        if sign == ".":
            picture.paint(place, CLOCK_TOP + 48, 8, 8, (250, 220, 90))
            place += 16
            continue
        for segment in SEGMENTS[sign]:
            x, y, width, height = {
                "a": (0, 0, 32, 8),
                "b": (24, 0, 8, 32),
                "c": (24, 28, 8, 28),
                "d": (0, 48, 32, 8),
                "e": (0, 28, 8, 28),
                "f": (0, 0, 8, 32),
                "g": (0, 24, 32, 8),
            }[segment]
            picture.paint(place + x, CLOCK_TOP + y, width, height, (250, 220, 90))
        place += 40


def _draw_code(picture: Planes, number: int, frame: int) -> None:
    picture.paint(CODE_LEFT, CODE_TOP, barcode.WIDTH, barcode.HEIGHT, barcode.MAGENTA)
    for row, bits in enumerate(barcode.cells(number, frame)):
        for column, is_white in enumerate(bits):
            picture.paint(
                CODE_LEFT + barcode.FRAME + column * barcode.CELL,
                CODE_TOP + barcode.FRAME + row * barcode.CELL,
                *(barcode.CELL, barcode.CELL),
                (255, 255, 255) if is_white else (0, 0, 0),
            )


def _write(picture: Planes, words: str, left: int, top: int) -> None:
    """Dark letters, two places for each dot."""
    for letter in words:
        for row, bits in enumerate(GLYPHS.get(letter, ())):
            for column in range(5):
                if bits >> (4 - column) & 1:
                    picture.paint(left + 2 * column, top + 2 * row, 2, 2, (40, 50, 58))
        left += 12
