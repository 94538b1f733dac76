"""Our picture by stock's encoder, where libvpx is not the one we know: none on a slow line.

Stock makes a new encoder, thus a key frame, for each new rate; below 400 kbit/s that is all it
sends, and the voice would go under with it.
"""

import asyncio
from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.picture.picture_encoder import TICKS_PER_S
from media.picture.picture_figures import PictureFigures, PictureMeter
from media.picture.picture_sizes import HD, PAUSED, PictureBounds
from media.quality.line_state import PictureBudget
from media.rtc.local_tracks import PictureFeed
from media.rtc.picture_turns import PictureTurns


class StockPicture(MediaStreamTrack):
    """The same outside as PictureOut; of `bounds` it knows frame rate and pause only."""

    kind = "video"
    least_bit_s = 400_000  # no picture is sent below it

    def __init__(self, feed: PictureFeed, budget: Callable[[], PictureBudget]) -> None:
        super().__init__()
        self.budget = budget
        self.bounds: PictureBounds = HD
        self._now = asyncio.get_running_loop().time
        self._started_at = self._now()
        self._turns = PictureTurns(feed)
        self._meter = PictureMeter()

    async def recv(self) -> av.VideoFrame:
        while True:
            picture = await self._turns.next(max(1.0, self.bounds.frames_per_s))
            if self.readyState != "live":
                raise MediaStreamError
            if self.bounds == PAUSED or self.budget().bit_s < self.least_bit_s:
                self._meter.left_out()
                continue
            rows = np.frombuffer(picture.data, dtype=np.uint8).reshape(-1, picture.width)
            frame = av.VideoFrame.from_ndarray(rows, format="yuv420p")
            frame.time_base = Fraction(1, TICKS_PER_S)
            frame.pts = int((self._now() - self._started_at) * TICKS_PER_S)
            self._meter.sent(self._now(), (frame.width, frame.height), 0, is_key=False)
            return frame

    def wish_key_frame(self) -> None:
        """Nothing to do: the sender's own flag is obeyed by its encoder."""

    def figures(self) -> PictureFigures:
        """The bit rate is not known here: 0."""
        return self._meter.figures(self._now())
