"""Is a queue growing on the way, and how long is it: from when packets left and when they came.

The trend line of "Analysis and Design of the Google Congestion Control" (Carlucci and others,
2016); the clocks of the two sides need not agree.
"""

from collections import deque

GROUP_S = 0.005  # what leaves within this is one group
GROUPS = 20
SMOOTHING = 0.9
GAIN = 4.0
MOST_DELTAS = 60
THRESHOLD_MS, LEAST_THRESHOLD_MS, MOST_THRESHOLD_MS = 12.5, 6.0, 600.0
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
MOST_BEYOND_THRESHOLD_MS = 15.0  # a leap is not what the threshold should follow
OVERUSE_FOR_S = 0.01
BASE_BUCKET_S, BASE_BUCKETS = 1.0, 30
RECENT_S, RECENT_PACKETS = 0.06, 3  # in the time of arriving: behind a queue little arrives
NOISE_SHARE, NOISE_SMOOTHING = 1.0, 0.01
NEW_BEGINNING_S = 2.0  # packets further apart than this tell nothing of each other


class DelayTrend:
    def __init__(self) -> None:
        self._group: tuple[float, float, float] | None = None  # first left, last left, last came
        self._last: tuple[float, float, float] | None = None
        self._deltas = 0
        self._summed_ms = self._smoothed_ms = 0.0
        self._line: deque[tuple[float, float]] = deque(maxlen=GROUPS)
        self._threshold_ms = THRESHOLD_MS
        self._slope = 0.0
        self._over_for_s = 0.0
        self._over_times = 0
        self.is_overused = False

    def add(self, sent_s: float, arrived_s: float) -> None:
        """In the order of sending; what left before the last is passed over."""
        if self._group is None:
            self._group = sent_s, sent_s, arrived_s
            return
        first_s, _, came_s = self._group
        if sent_s < first_s:
            return
        if sent_s - first_s <= GROUP_S:
            self._group = first_s, sent_s, max(came_s, arrived_s)
            return
        if self._last is not None:
            self._step(self._group[1] - self._last[1], self._group[2] - self._last[2])
        self._last = self._group
        self._group = sent_s, sent_s, arrived_s

    def _step(self, sent_apart_s: float, came_apart_s: float) -> None:
        assert self._group is not None
        if abs(came_apart_s) > NEW_BEGINNING_S or sent_apart_s > NEW_BEGINNING_S:
            self.begin_anew()
            return
        self._deltas = min(self._deltas + 1, MOST_DELTAS)
        self._summed_ms += (came_apart_s - sent_apart_s) * 1000
        self._smoothed_ms += (1 - SMOOTHING) * (self._summed_ms - self._smoothed_ms)
        self._line.append((self._group[2] * 1000, self._smoothed_ms))
        slope = slope_of(self._line) if len(self._line) == GROUPS else 0.0
        self._judge(slope, sent_apart_s)

    def _judge(self, slope: float, elapsed_s: float) -> None:
        trend_ms = self._deltas * slope * GAIN
        if trend_ms > self._threshold_ms:
            self._over_for_s += elapsed_s
            self._over_times += 1
            is_long = self._over_for_s > OVERUSE_FOR_S and self._over_times > 1
            self.is_overused = (is_long and slope >= self._slope) or self.is_overused
        else:
            self._over_for_s, self._over_times, self.is_overused = 0.0, 0, False
        self._slope = slope
        beyond_ms = abs(trend_ms) - self._threshold_ms
        if beyond_ms <= MOST_BEYOND_THRESHOLD_MS:
            pace = THRESHOLD_UP if beyond_ms > 0 else THRESHOLD_DOWN
            step = pace * beyond_ms * min(elapsed_s * 1000, 100.0)
            threshold_ms = self._threshold_ms + step
            self._threshold_ms = max(LEAST_THRESHOLD_MS, min(MOST_THRESHOLD_MS, threshold_ms))

    def begin_anew(self) -> None:
        self._last = None
        self._line.clear()
        self._deltas = 0
        self._summed_ms = self._smoothed_ms = 0.0
        self.is_overused = False


class QueueWatch:
    """How long the newest packets waited, above the emptiest way of the last 30 s.

    The least of the last few that came: a queue makes every packet wait, jitter only some.
    `noise_s`: how far that least itself may be off, from how unlike the packets' delays are.
    """

    def __init__(self) -> None:
        self._bases: deque[tuple[float, float]] = deque(maxlen=BASE_BUCKETS)  # since when, least
        self._recent: deque[tuple[float, float]] = deque(maxlen=200)
        self.queue_s: float | None = None
        self.noise_s = 0.0
        self._newest_s = 0.0

    def add(self, sent_s: float, arrived_s: float) -> None:
        delay_s, self._newest_s = arrived_s - sent_s, sent_s
        if not self._bases or sent_s - self._bases[-1][0] > BASE_BUCKET_S:
            self._bases.append((sent_s, delay_s))
        elif delay_s < self._bases[-1][1]:
            self._bases[-1] = self._bases[-1][0], delay_s
        self._recent.append((arrived_s, delay_s))
        while len(self._recent) > RECENT_PACKETS and self._recent[0][0] < arrived_s - RECENT_S:
            self._recent.popleft()
        delays = [delay for _, delay in self._recent]
        least_s = min(delays)
        self.queue_s = least_s - min(least for _, least in self._bases)
        spread_s = sum(delays) / len(delays) - least_s
        self.noise_s += NOISE_SMOOTHING * (NOISE_SHARE * spread_s - self.noise_s)

    def take_as_empty(self) -> None:
        """The way itself has become longer: what packets wait now is the new base."""
        if self._recent:
            self._bases.clear()
            self._bases.append((self._newest_s, min(delay for _, delay in self._recent)))


def slope_of(line: deque[tuple[float, float]]) -> float:
    """Least squares; 0 when all points are at one time."""
    count = len(line)
    middle_x = sum(x for x, _ in line) / count
    middle_y = sum(y for _, y in line) / count
    below = sum((x - middle_x) ** 2 for x, _ in line)
    return sum((x - middle_x) * (y - middle_y) for x, y in line) / below if below else 0.0
