"""The last moments of an exam camera in full size, so that a still is the picture that was seen.

Also whether what comes still changes: a driver may deliver one old picture for ever. Images are
arrays as OpenCV gives them and are never written to.
"""

import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

KEPT_BYTES = 192 * 1024 * 1024
KEPT_S = 1.5
EVERY_ROW = 16  # of these rows alone a living picture is told from an old one
ROUND = 4  # a driver that hangs may hand its few buffers out in turn

Image = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KeptImage:
    image: Image
    taken_at_s: float


class KeptImages:
    """Put by the thread that reads the camera, looked at by the one that makes stills."""

    def __init__(self, most_bytes: int = KEPT_BYTES, most_s: float = KEPT_S) -> None:
        self._most_bytes = most_bytes
        self._most_s = most_s
        self._kept: deque[KeptImage] = deque()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, image: Image, taken_at_s: float) -> None:
        with self._lock:
            self._kept.append(KeptImage(image, taken_at_s))
            self._bytes += image.nbytes
            while len(self._kept) > 1 and self._is_too_much(taken_at_s):
                self._bytes -= self._kept.popleft().image.nbytes

    def _is_too_much(self, now_s: float) -> bool:
        return self._bytes > self._most_bytes or now_s - self._kept[0].taken_at_s > self._most_s

    def seen_at(self, at_s: float | None) -> KeptImage | None:
        """The one taken at that moment, or nearest to it; the newest for None. None: no picture."""
        with self._lock:
            if not self._kept:
                return None
            if at_s is None:
                return self._kept[-1]
            return min(self._kept, key=lambda kept: abs(kept.taken_at_s - at_s))


class ContentWatch:
    """Compares each image with the last few: no camera's noise repeats itself in every byte."""

    def __init__(self) -> None:
        self._last: deque[Image] = deque(maxlen=ROUND)
        self._since_s = 0.0

    def same_since(self, image: Image, taken_at_s: float) -> float | None:
        """When the newest came that nobody had seen before; None: this is it."""
        if any(_is_same(before, image) for before in self._last):
            return self._since_s
        self._last.append(image)
        self._since_s = taken_at_s
        return None


def _is_same(before: Image, image: Image) -> bool:
    if before.shape != image.shape:
        return False
    if not np.array_equal(before[::EVERY_ROW], image[::EVERY_ROW]):
        return False
    return np.array_equal(before, image)
