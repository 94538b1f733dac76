"""What the still's PNG holds, as other code reads it: OpenCV's and PyAV's."""

import io

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.devices.lossless_png import Image, png_of


def noise(height: int, width: int, seed: int = 1) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
def test_other_code_reads_the_same_picture(height: int, width: int, seed: int) -> None:
    image = noise(height, width, seed)
    read = cv2.imdecode(np.frombuffer(png_of(image), np.uint8), cv2.IMREAD_UNCHANGED)
    assert read is not None and np.array_equal(read[:, :, ::-1], image)


@pytest.mark.parametrize("value", [0, 255])
def test_a_plain_picture(value: int) -> None:
    image = np.full((1080, 1920, 3), value, np.uint8)
    with av.open(io.BytesIO(png_of(image)), "r", format="png_pipe") as file:
        assert np.array_equal(next(file.decode(video=0)).to_ndarray(format="rgb24"), image)


def test_a_cameras_noise_takes_about_half() -> None:
    """A bit a sample less than eight: what the codes cannot take is the noise itself."""
    shade = np.linspace(40, 200, 640)[None, :, None] + np.zeros((480, 1, 3))
    image = (shade + np.random.default_rng(3).normal(0, 2, shade.shape)).astype(np.uint8)
    assert len(png_of(image)) < 0.5 * image.nbytes


def test_its_sums_are_right() -> None:
    """A reader that checks them refuses one whose byte has changed."""
    png = bytearray(png_of(noise(30, 30)))
    png[60] ^= 1
    with (
        pytest.raises(av.FFmpegError),
        av.open(
            io.BytesIO(png), "r", format="png_pipe", options={"err_detect": "crccheck+explode"}
        ) as file,
    ):
        next(file.decode(video=0))
