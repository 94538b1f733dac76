"""The far voice and picture as they are read: one channel, holes filled, ends are ends."""

from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from media.devices.sample_ring import Samples
from media.rtc.remote_tracks import one_channel, read_pictures, read_voice


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


@pytest.mark.parametrize(
    ("second_pts", "silence"), [(960, 0), (1920, 960), (2880, 1920), (960_000, 0), (0, 0)]
)
async def test_what_was_lost_is_filled_with_silence(second_pts: int, silence: int) -> None:
    heard: list[Samples] = []
    track: Any = Track([sound(0, 5, 5), sound(second_pts, 7, 7)])
    await read_voice(track, heard.append)
    together = np.concatenate(heard)
    assert len(together) == 2 * 960 + silence
    assert (together[:960] == 5).all()
    assert (together[960 : 960 + silence] == 0).all()
    assert (together[-960:] == 7).all()


async def test_pictures_are_told_until_the_end() -> None:
    frames = [av.VideoFrame(64, 48, "yuv420p") for _ in range(3)]
    told: list[av.VideoFrame] = []
    track: Any = Track(list(frames))
    await read_pictures(track, told.append)
    assert told == frames
