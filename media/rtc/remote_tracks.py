"""The far side's pictures, read until they end. An end is an end, not a failure."""

from collections.abc import Callable

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack


async def read_pictures(track: MediaStreamTrack, tell: Callable[[av.VideoFrame], None]) -> None:
    """Each decoded picture in turn; returns when the track has ended."""
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        assert isinstance(frame, av.VideoFrame)
        tell(frame)
