"""What the picture we send is at this moment: measured from the frames that left."""

from collections import deque
from dataclasses import dataclass

OVER_S = 2.0


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Of the last two seconds; the counts are of the whole stream. A width of 0: none was sent."""

    width: int
    height: int
    frames_per_s: float
    bit_s: float
    frames: int
    key_frames: int
    left_out: int  # to hold the rate, by the encoder or because the line was full


class PictureMeter:
    def __init__(self) -> None:
        self._sent: deque[tuple[float, int]] = deque()  # at most two seconds of frames
        self._size = (0, 0)
        self._frames = self._key_frames = self._left_out = 0

    def sent(self, now_s: float, size: tuple[int, int], length: int, *, is_key: bool) -> None:
        self._sent.append((now_s, length))
        self._forget(now_s)
        self._size = size
        self._frames += 1
        self._key_frames += is_key

    def left_out(self) -> None:
        self._left_out += 1

    def figures(self, now_s: float) -> PictureFigures:
        self._forget(now_s)
        width, height = self._size if self._sent else (0, 0)
        return PictureFigures(
            width,
            height,
            len(self._sent) / OVER_S,
            8 * sum(length for _, length in self._sent) / OVER_S,
            self._frames,
            self._key_frames,
            self._left_out,
        )

    def _forget(self, now_s: float) -> None:
        while self._sent and self._sent[0][0] <= now_s - OVER_S:
            self._sent.popleft()
