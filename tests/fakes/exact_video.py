"""A video file whose every pixel is known: what a still of it must be, to the bit."""

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]  # height, width, red green blue
CELL = 16


class ExactVideo:
    """Frames of noise, each with its number in black and white cells; coded without any loss."""

    def __init__(self, width: int, height: int, count: int, seed: int) -> None:
        noise = np.random.default_rng(seed)
        self.frames = [
            _numbered(noise.integers(0, 256, (height, width, 3), dtype=np.uint8), number)
            for number in range(count)
        ]

    def write(self, path: Path, rate: int = 25) -> Path:
        height, width = self.frames[0].shape[:2]
        with av.open(str(path), "w", format="avi") as file:
            stream = file.add_stream("rawvideo", rate=rate)
            stream.width, stream.height, stream.pix_fmt = width, height, "bgr24"
            for frame in self.frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(frame[:, :, ::-1], "bgr24")))
            file.mux(stream.encode())
        return path

    def which(self, image: Image) -> int | None:
        """The number of the frame that is this image in every pixel."""
        found = (n for n, frame in enumerate(self.frames) if np.array_equal(frame, image))
        return next(found, None)


def _numbered(image: Image, number: int) -> Image:
    for bit in range(8):
        shade = 255 if number >> bit & 1 else 0
        image[CELL : 4 * CELL, (2 * bit + 1) * CELL : (2 * bit + 3) * CELL] = shade
    return image


def number_in(bgra: memoryview | bytes, width: int, height: int, source_width: int) -> int:
    """The number in a picture as the screen has it, of whatever size."""
    pixels = np.frombuffer(bgra, dtype=np.uint8).reshape(height, width, 4)[:, :, :3]
    scale = width / source_width
    number = 0
    for bit in range(8):
        rows = pixels[round(1.5 * CELL * scale) : round(3.5 * CELL * scale)]
        cells = rows[
            :, round((2 * bit + 1.5) * CELL * scale) : round((2 * bit + 2.5) * CELL * scale)
        ]
        number |= int(cells.mean() > 127) << bit
    return number


def pixels_of(png: bytes) -> Image:
    with av.open(io.BytesIO(png), "r", format="png_pipe") as file:
        image = next(file.decode(video=0)).to_ndarray(format="rgb24")
    return np.asarray(image, dtype=np.uint8)
