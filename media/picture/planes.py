"""Where the three planes of an I420 picture lie in memory, and the same picture in another size."""

import ctypes
from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from app.domain.failures import Code, Rejected


@dataclass(frozen=True, slots=True)
class Planes:
    """Luma, then the two of colour at half the size. `owner` keeps the memory alive."""

    width: int
    height: int
    addresses: tuple[int, int, int]
    strides: tuple[int, int, int]
    owner: object


def planes_of(width: int, height: int, data: bytes) -> Planes:
    """Planes one behind the other, even sizes; Rejected(MALFORMED) when the length is another."""
    luma = width * height
    if width < 2 or height < 2 or width % 2 or height % 2 or len(data) != luma * 3 // 2:
        raise Rejected(Code.MALFORMED, "picture")
    start = ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value
    assert start is not None
    addresses = (start, start + luma, start + luma * 5 // 4)
    return Planes(width, height, addresses, (width, width // 2, width // 2), data)


class Scaler:
    """Keeps what it has worked out for the last pair of sizes. One thread at a time."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def scaled(self, picture: Planes, width: int, height: int) -> Planes:
        """The same picture at that size (even numbers); itself when it has it already."""
        if (picture.width, picture.height) == (width, height):
            return picture
        assert isinstance(picture.owner, bytes)
        rows = np.frombuffer(picture.owner, dtype=np.uint8).reshape(-1, picture.width)
        frame = self._reformatter.reformat(
            av.VideoFrame.from_ndarray(rows, format="yuv420p"),
            width=width,
            height=height,
            interpolation=Interpolation.BILINEAR,  # swscale widens it when it makes smaller
            threads=1,
        )
        first, second, third = frame.planes
        return Planes(
            width,
            height,
            (first.buffer_ptr, second.buffer_ptr, third.buffer_ptr),
            (first.line_size, second.line_size, third.line_size),
            frame,
        )
