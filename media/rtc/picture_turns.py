"""Which picture is sent next, and when: the newest, at the pace wanted; dark without a camera, or
none where the last one is to stand still at the far end.
"""

import asyncio

from media.rtc.local_tracks import STILL_AFTER_S, I420Picture, PictureFeed

PACE_SPARE = 31 / 30  # a camera's clock is not ours: without it one of its pictures is missed
DARK_EVERY_S = 0.5
DARK_WIDTH, DARK_HEIGHT = 320, 240
DARK = I420Picture(
    DARK_WIDTH,
    DARK_HEIGHT,
    bytes([16]) * (DARK_WIDTH * DARK_HEIGHT) + bytes([128]) * (DARK_WIDTH * DARK_HEIGHT // 2),
    0,
)


class PictureTurns:
    """Of one taker."""

    def __init__(self, feed: PictureFeed) -> None:
        self._feed = feed
        self.is_dark_sent = True
        self._now = asyncio.get_running_loop().time
        self._due_at = self._now()
        self._sequence = 0
        self._is_dark = False

    async def next(self, frames_per_s: float) -> I420Picture:
        """The newest picture when its turn has come; a dark one twice a second without a camera."""
        await asyncio.sleep(max(0.0, self._due_at - self._now()))
        picture = await self._feed.after(self._sequence, self._wait_s())
        while picture is None and not self.is_dark_sent:
            picture = await self._feed.after(self._sequence, STILL_AFTER_S)
        distance_s = 1 / (frames_per_s * PACE_SPARE)
        self._due_at = max(self._due_at, self._now() - distance_s) + distance_s
        self._is_dark = picture is None
        if picture is None:
            return DARK
        self._sequence = picture.sequence
        return picture

    def _wait_s(self) -> float:
        if self._sequence == 0 and not self._is_dark and not self._feed.is_moving:
            return 0.001  # no camera: say so with the first picture
        return DARK_EVERY_S if self._is_dark or not self._feed.is_moving else STILL_AFTER_S
