"""A scene like a camera's: a head that sways before a wall, with noise; and marks for it."""

from functools import cache

import av
import numpy as np
import numpy.typing as npt

from media.picture.picture_encoder import EncodedPicture
from media.picture.planes import Planes, planes_of
from media.picture.vp8_encoder import Vp8Encoder

WIDTH, HEIGHT = 640, 480
FRAME_TICKS = 3000


@cache
def scene(noise: float = 2.5, frames: int = 60, seed: int = 7) -> tuple[bytes, ...]:
    """I420 at 640x480, 30 a second; the movement repeats after 60 frames."""
    chance = np.random.default_rng(seed)
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    wall = 120 + 30 * np.sin(across / 90) - down / 8
    wall += chance.normal(0, 12, (HEIGHT // 8, WIDTH // 8)).repeat(8, 0).repeat(8, 1)
    noises = [chance.normal(0, noise, (HEIGHT, WIDTH)).astype(np.float32) for _ in range(5)]
    colour = bytes([128]) * (WIDTH * HEIGHT // 2)
    made = []
    for number in range(frames):
        phase = 2 * np.pi * number / 60
        x, y = across - 320 - 40 * np.sin(phase), down - 220 - 10 * np.sin(2 * phase)
        head = (x / 90) ** 2 + (y / 120) ** 2 < 1
        luma = np.where(head, 170 + 20 * np.sin(x / 9) * np.sin(y / 11), wall)
        luma = luma + noises[number % 5]
        made.append(np.clip(luma, 16, 235).astype(np.uint8).tobytes() + colour)
    return tuple(made)


def planes(data: bytes) -> Planes:
    return planes_of(WIDTH, HEIGHT, data)


def encoded(
    encoder: Vp8Encoder, pictures: list[Planes], first: int = 0
) -> list[EncodedPicture | None]:
    """One after the other, 30 a second."""
    return [
        encoder.encode(picture, (first + number) * FRAME_TICKS)
        for number, picture in enumerate(pictures)
    ]


def kbit_s(made: list[EncodedPicture | None], frames_per_s: float = 30) -> float:
    length = sum(len(one.data) for one in made if one is not None)
    return 8 * length / (len(made) / frames_per_s) / 1000


def keys(made: list[EncodedPicture | None]) -> list[int]:
    return [number for number, one in enumerate(made) if one is not None and one.is_key]


class Screen:
    """The far side: decodes, and keeps the last picture as a viewer does."""

    codec = "libvpx"

    def __init__(self) -> None:
        decoder = av.CodecContext.create(self.codec, "r")
        assert isinstance(decoder, av.VideoCodecContext)
        self._decoder = decoder
        self._decoder.thread_count = 1
        self.luma: npt.NDArray[np.uint8] | None = None

    def show(self, data: bytes) -> tuple[int, int]:
        [frame] = self._decoder.decode(av.Packet(data))
        assert isinstance(frame, av.VideoFrame)
        self.luma = frame.to_ndarray()[: frame.height].astype(np.uint8)
        return frame.width, frame.height

    def likeness_db(self, source: bytes) -> float:
        """Peak signal to noise of the luma, at 640x480."""
        assert self.luma is not None
        wanted = np.frombuffer(source, np.uint8)[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
        error = np.mean((wanted.astype(np.float32) - self.luma) ** 2)
        return float(10 * np.log10(255**2 / max(error, 1e-9)))


class H264Screen(Screen):
    codec = "h264"
