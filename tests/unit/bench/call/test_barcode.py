"""A frame number is read at any size, or not at all."""

import av
import numpy as np
import pytest

from bench.call import barcode


def numbered(number: int) -> barcode.Luma:
    luma = np.random.default_rng(1).integers(60, 190, (480, 640)).astype(np.uint8)
    barcode.draw(luma, number)
    return luma


@pytest.mark.parametrize("size", [(640, 480), (480, 360), (320, 240), (240, 180), (160, 120)])
def test_a_number_survives_scaling(size: tuple[int, int]) -> None:
    frame = av.VideoFrame.from_ndarray(numbered(299), format="gray")
    small = frame.reformat(*size, format="gray", interpolation="AREA").to_ndarray()
    assert barcode.read(np.asarray(small, np.uint8), 640, 480) == 299


def test_a_damaged_number_is_none() -> None:
    luma = numbered(299)
    left, top = barcode.place(640, 480)
    luma[top : top + 48, left + 5 * 16 : left + 6 * 16] = 128
    assert barcode.read(luma, 640, 480) is None
    luma = numbered(299)
    rows = luma[top : top + 48, left + 160 : left + 176].copy()
    luma[top : top + 24, left + 160 : left + 176] = rows[24:]
    luma[top + 24 : top + 48, left + 160 : left + 176] = rows[:24]
    assert barcode.read(luma, 640, 480) is None


def test_no_number_in_noise() -> None:
    luma = np.random.default_rng(2).integers(0, 255, (480, 640)).astype(np.uint8)
    assert barcode.read(luma, 640, 480) is None
