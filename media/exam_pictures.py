"""The exam camera's pictures on their way: ours to the far end and the screen, the far end's here.

Remembers under which number, stamp and time each went by, so that a still is the one that was seen.
"""

import time
from collections import deque
from collections.abc import Callable

import av

from app.domain.picture import Picture
from media.rtc.local_tracks import PictureFeed
from media.surface_share import SurfaceShare

REMEMBERED = 150  # some seconds of them


class ExamPictures:
    """`sequence_of` finds the number in our feed of what left with an RTP timestamp."""

    def __init__(self, surface: SurfaceShare, sequence_of: Callable[[int], int | None]) -> None:
        self.feed = PictureFeed()
        self._surface = surface
        self._sequence_of = sequence_of
        self._put: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self._shown: deque[tuple[float, int]] = deque(maxlen=REMEMBERED)

    def own_came(self, picture: Picture) -> None:
        sequence = self.feed.put(picture.width, picture.height, picture.data)
        self._put.append((sequence, picture.captured_at))
        self._surface.show_own(picture)

    def far_came(self, frame: av.VideoFrame, stamp: int) -> None:
        shown_as = time.monotonic()
        self._shown.append((shown_as, stamp))
        self._surface.show(frame, shown_as)

    def nothing(self) -> None:
        self._shown.clear()
        self._surface.nothing()

    def taken_at(self, stamp: int) -> float | None:
        """When that picture of ours was taken which the far end saw under that stamp."""
        sequence = self._sequence_of(stamp)
        return None if sequence is None else dict(self._put).get(sequence)

    def stamp_of(self, seen_at: float | None) -> int | None:
        """Of the far end's picture that stood on the screen; None: not known, or the newest."""
        if seen_at is None or not self._shown:
            return None
        return min(self._shown, key=lambda shown: abs(shown[0] - seen_at))[1]
