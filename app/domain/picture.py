"""One picture as it crosses between processes; knows neither codec, number library nor Qt."""

from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    I420 = "i420"  # planar YUV 4:2:0: width*height*3/2 bytes, even sizes
    BGRA = "bgra"  # 4 bytes a pixel, rows of width*4 bytes


@dataclass(frozen=True, slots=True)
class Picture:
    """`data` stays valid only until the next picture is taken; copy it to keep it."""

    width: int  # pixels
    height: int
    layout: Layout
    data: memoryview
    sequence: int
    captured_at: float  # CLOCK_MONOTONIC seconds of this machine


def picture_bytes(width: int, height: int, layout: Layout) -> int:
    """How many bytes a picture of this size takes."""
    return width * height * 4 if layout is Layout.BGRA else width * height * 3 // 2
