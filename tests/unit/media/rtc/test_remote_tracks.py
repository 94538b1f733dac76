"""The far pictures as they are read."""

from typing import Any

import av
from aiortc.mediastreams import MediaStreamError

from media.rtc.remote_tracks import read_pictures


class Track:
    """Gives what it holds, then ends."""

    def __init__(self, frames: list[Any]) -> None:
        self._frames = frames

    async def recv(self) -> Any:
        if not self._frames:
            raise MediaStreamError
        return self._frames.pop(0)


async def test_pictures_are_told_until_the_end() -> None:
    frames = [av.VideoFrame(64, 48, "yuv420p") for _ in range(3)]
    told: list[av.VideoFrame] = []
    track: Any = Track(list(frames))
    await read_pictures(track, told.append)
    assert told == frames
