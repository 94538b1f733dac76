"""What of the encoder this machine can bear: how thoroughly it looks, and how large a picture.

A picture that is coded later than the next one is taken is stale, and the voice waits for the same
processor. Judged by the time that encoding took, whoever else kept the processor busy. Pure.
"""

LONG_SIDES = (1280, 960, 640, 480)
SPEEDS = (-6, -8, -10, -12)  # libvpx, cpu-used: up to -6 a face stays one, at -12 1/4 cheaper
WINDOW_S = 2.0
PAUSE_S = 1.0  # nothing was coded: the window begins anew
# Shares of the time that were spent encoding.
HIGH, FASTER_FROM, SLOWER_BELOW = 0.6, 0.3, 0.12
GOOD = 0.4  # of what the next larger size would take
HIGH_WINDOWS = 2
UP_AFTER_S, LONGEST_UP_AFTER_S = 10.0, 80.0
HELD_S = 30.0  # a larger size that held so long was not in vain


class EncoderLoad:
    """Of one stream. Told after each frame; `speed` and `long_side_most` hold for the next."""

    def __init__(self) -> None:
        self.speed = SPEEDS[0]
        self.long_side_most = LONG_SIDES[0]
        self._began_s: float | None = None
        self._told_s = -1e9
        self._busy_s = 0.0
        self._high = 0  # windows in a row
        self._good_since_s: float | None = None
        self._wait_s = UP_AFTER_S
        self._rose_s = -1e9

    def told(self, now_s: float, took_s: float, long_side: int) -> None:
        """`took_s`: from the picture to its bits, for one of that long side."""
        if self._began_s is None or now_s - self._told_s > PAUSE_S + took_s:
            self._began_s, self._busy_s = now_s, 0.0
            self._told_s = now_s
            return
        self._told_s = now_s
        self._busy_s += took_s
        if (passed_s := now_s - self._began_s) >= WINDOW_S:
            self._look(now_s, self._busy_s / passed_s, long_side)
            self._began_s, self._busy_s = now_s, 0.0

    def _look(self, now_s: float, share: float, long_side: int) -> None:
        at = SPEEDS.index(self.speed)
        if share > HIGH:
            self.speed = SPEEDS[-1]
        elif share > FASTER_FROM:
            self.speed = SPEEDS[min(at + 1, len(SPEEDS) - 1)]
        elif share < SLOWER_BELOW:
            self.speed = SPEEDS[max(at - 1, 0)]
        self._high = self._high + 1 if share > HIGH else 0
        if self._high >= HIGH_WINDOWS:
            self._shrink(now_s, long_side)
        else:
            self._grow(now_s, share, long_side)

    def _shrink(self, now_s: float, long_side: int) -> None:
        self._high, self._good_since_s = 0, None
        smaller = [side for side in LONG_SIDES if side < min(long_side, self.long_side_most)]
        if not smaller:
            return
        in_vain = now_s - self._rose_s < HELD_S
        self._wait_s = min(2 * self._wait_s, LONGEST_UP_AFTER_S) if in_vain else UP_AFTER_S
        self.long_side_most = smaller[0]

    def _grow(self, now_s: float, share: float, long_side: int) -> None:
        larger = [side for side in LONG_SIDES if side > self.long_side_most]
        if not larger or share * (larger[-1] / max(long_side, 1)) ** 2 > GOOD:
            self._good_since_s = None
            return
        if self._good_since_s is None:
            self._good_since_s = now_s
        if now_s - self._good_since_s >= self._wait_s:
            self.long_side_most, self._rose_s, self._good_since_s = larger[-1], now_s, None
