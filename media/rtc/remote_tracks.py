"""The far side's pictures, read until they end. An end is an end, not a failure."""

from collections.abc import Callable

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.devices.sample_ring import Samples


async def read_pictures(track: MediaStreamTrack, tell: Callable[[av.VideoFrame], None]) -> None:
    """Each decoded picture in turn; returns when the track has ended."""
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        assert isinstance(frame, av.VideoFrame)
        tell(frame)


def one_channel(frame: av.AudioFrame) -> Samples:
    """The mean of the channels of an interleaved 16 bit frame."""
    channels = len(frame.layout.channels)
    samples: Samples = np.frombuffer(bytes(frame.planes[0]), dtype=np.int16)
    samples = samples[: frame.samples * channels]
    if channels == 1:
        return samples
    mixed: Samples = (
        samples.reshape(-1, channels).astype(np.int32).sum(axis=1) // channels
    ).astype(np.int16)
    return mixed
