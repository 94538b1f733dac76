"""The picture source: a moving scene with a camera's noise, made once, numbered, kept in a file.

Synthetic, and said so in each row. A YUV4MPEG2 file, so that a browser's fake camera takes it too;
the movement closes after its last frame, so that it may go round.
"""

import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.call.barcode import draw

SEED = 20
FRAME_WORD = b"FRAME\n"
SECONDS = 10
NOISE = 2.5  # standard deviation of the luma, as a web camera has it indoors
FLOAT = np.float32
VERSION = 1

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Clip:
    """`frames` of planar YUV 4:2:0 in `path`, after a header of `header_bytes` each with a word."""

    path: Path
    width: int
    height: int
    fps: int

    @property
    def frames(self) -> int:
        return SECONDS * self.fps

    @property
    def header(self) -> bytes:
        return f"YUV4MPEG2 W{self.width} H{self.height} F{self.fps}:1 Ip A1:1 C420mpeg2\n".encode()

    def open(self) -> npt.NDArray[np.uint8]:
        """(frames, bytes of a picture), read as it is used."""
        size = self.width * self.height * 3 // 2 + len(FRAME_WORD)
        shape = (self.frames, size)
        whole = np.memmap(self.path, np.uint8, "r", len(self.header), shape)
        return whole[:, len(FRAME_WORD) :]


def clip_of(width: int, height: int, fps: int) -> Clip:
    """Made on first use, in the system's folder for what may be lost."""
    folder = Path(tempfile.gettempdir()) / f"bedside-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    clip = Clip(folder / f"clip-{VERSION}-{width}x{height}-{fps}.y4m", width, height, fps)
    if not clip.path.exists():
        _write(clip)
    return clip


def _write(clip: Clip) -> None:
    scene = _Scene(clip.width, clip.height)
    waiting = clip.path.with_suffix(f".{os.getpid()}")
    with waiting.open("wb") as file:
        file.write(clip.header)
        for number in range(clip.frames):
            luma, blue, red = scene.picture(number / clip.frames)
            draw(luma, number)
            file.write(FRAME_WORD + luma.tobytes() + blue.tobytes() + red.tobytes())
    os.replace(waiting, clip.path)


class _Scene:
    """Someone who speaks and moves before shelves; the camera is held by hand."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (height, width)
        self._chance = np.random.default_rng(SEED)
        self._margin = 16
        self._wall = self._make_wall(width + 2 * self._margin, height + 2 * self._margin)
        self._cloth = _smooth(self._chance, height, width, 6) * 14
        self._hair = _smooth(self._chance, height, width, 3) * 22
        across = np.arange(width, dtype=FLOAT)[None, :] / height
        down = np.arange(height, dtype=FLOAT)[:, None] / height
        self._across, self._down = across, down

    def picture(self, share: float) -> tuple[npt.NDArray[np.uint8], ...]:
        """Luma and both chroma planes; `share` 0..1 of the movement that closes."""
        turn = 2 * math.pi * share
        high, wide = self._size
        x = self._margin + round(9 * math.sin(turn) + 4 * math.sin(3 * turn))
        y = self._margin + round(6 * math.sin(2 * turn))
        luma = self._wall[y : y + high, x : x + wide].copy()
        blue = np.full(self._size, 120, FLOAT)
        red = np.full(self._size, 132, FLOAT)
        middle = wide / high / 2 + 0.07 * math.sin(turn) + 0.02 * math.sin(5 * turn)
        head = 0.36 + 0.02 * math.sin(4 * turn)
        body = self._oval(middle, 0.98, 0.38, 0.36)
        luma[body], blue[body], red[body] = (95 + self._cloth)[body], 146, 112
        hair = self._oval(middle, head - 0.05, 0.19, 0.22)
        luma[hair], blue[hair], red[hair] = (58 + self._hair)[hair], 122, 138
        face = self._oval(middle, head + 0.02, 0.155, 0.2)
        light = 168 + 60 * (middle - self._across) + 0 * self._down
        luma[face], blue[face], red[face] = light[face], 108, 152
        for side in (-0.06, 0.06):
            eye = self._oval(middle + side, head - 0.02, 0.024, 0.006 + 0.01 * (share % 0.3 > 0.02))
            luma[eye] = 52
        mouth = self._oval(middle, head + 0.12, 0.05, 0.008 + 0.02 * abs(math.sin(30 * turn)))
        luma[mouth], red[mouth] = 82, 165
        hand = self._oval(middle + 0.34, 0.72 + 0.09 * math.sin(7 * turn), 0.06, 0.08)
        luma[hand], blue[hand], red[hand] = 160, 110, 150
        luma += self._chance.standard_normal(self._size, FLOAT) * NOISE
        small = [
            plane.reshape(high // 2, 2, wide // 2, 2).mean(axis=(1, 3)) for plane in (blue, red)
        ]
        chroma = [p + self._chance.standard_normal(p.shape, FLOAT) * 0.8 for p in small]
        return tuple(np.clip(plane, 16, 235).astype(np.uint8) for plane in (luma, *chroma))

    def _oval(self, x: float, y: float, half_x: float, half_y: float) -> npt.NDArray[np.bool_]:
        inside = ((self._across - x) / half_x) ** 2 + ((self._down - y) / half_y) ** 2 < 1
        return np.asarray(inside)

    def _make_wall(self, width: int, height: int) -> Plane:
        """Shelves with the backs of books: edges and texture of many sizes."""
        wall = 120 + _smooth(self._chance, height, width, 40) * 25
        wall += _smooth(self._chance, height, width, 4) * 5
        shelf = height // 4
        for top in range(0, height, shelf):
            left = 0
            while left < width:
                wide = int(self._chance.integers(8, 26))
                tall = int(shelf * self._chance.uniform(0.55, 0.85))
                back = wall[top + shelf - tall : top + shelf - 4, left : left + wide - 1]
                back += self._chance.uniform(-60, 70)
                left += wide
            wall[top + shelf - 4 : top + shelf] = 70
        return np.asarray(wall, FLOAT)


def _smooth(chance: np.random.Generator, height: int, width: int, grain: int) -> Plane:
    """Noise of that grain, about -2..2, blended between its points."""
    points = chance.standard_normal((height // grain + 2, width // grain + 2), FLOAT)
    y, x = np.arange(height) / grain, np.arange(width) / grain
    row, column = y.astype(int), x.astype(int)
    fy, fx = (y - row)[:, None].astype(FLOAT), (x - column)[None, :].astype(FLOAT)
    upper = points[row][:, column] * (1 - fx) + points[row][:, column + 1] * fx
    lower = points[row + 1][:, column] * (1 - fx) + points[row + 1][:, column + 1] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, FLOAT)
