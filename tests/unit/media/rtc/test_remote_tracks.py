"""The far pictures as they are read, and a frame of sound as one channel."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError

from media.rtc.remote_tracks import one_channel, read_pictures


class Track:
    """Gives what it holds, then ends."""

    def __init__(self, frames: list[Any]) -> None:
        self._frames = frames

    async def recv(self) -> Any:
        if not self._frames:
            raise MediaStreamError
        return self._frames.pop(0)


def sound(pts: int, left: int, right: int) -> av.AudioFrame:
    samples = np.array([left, right] * 960, dtype=np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
    frame.sample_rate = 48_000
    frame.time_base = Fraction(1, 48_000)
    frame.pts = pts
    return frame


def test_two_channels_become_their_mean() -> None:
    assert np.array_equal(one_channel(sound(0, 100, 300)), np.full(960, 200))
    assert np.array_equal(one_channel(sound(0, 32_767, 32_767)), np.full(960, 32_767))
    assert np.array_equal(one_channel(sound(0, -32_768, -32_768)), np.full(960, -32_768))


async def test_pictures_are_told_until_the_end() -> None:
    frames = [av.VideoFrame(64, 48, "yuv420p") for _ in range(3)]
    told: list[av.VideoFrame] = []
    track: Any = Track(list(frames))
    await read_pictures(track, told.append)
    assert told == frames
