"""What of ours arrives: bits a second in the far side's time, and the share that is lost."""

from collections import deque

from media.quality.sent_log import NOT_A_PROBE, Outcome

LONG_S, SHORT_S = 0.5, 0.15
LEAST_S = 0.1  # a rate of less time than this is a guess
TOLD_SMOOTHING = 0.1
LOSS_OVER_S = 1.0
LEAST_FOR_LOSS = 10  # packets; MOST bounds what a stranger's times may pile up
MOST_KEPT = 2048


class ArrivalRate:
    def __init__(self) -> None:
        self._came: deque[tuple[float, int, bool]] = deque()  # when, bytes, of a burst
        self._not_told_bytes = 0
        self._told_share = 1.0
        self._first_s: float | None = None
        self._newest_s = 0.0

    def add(self, outcome: Outcome) -> None:
        """What no feedback told of is taken to have come with the next that was told, as far as
        the packets that were told did.
        """
        if not outcome.is_known:
            self._not_told_bytes += outcome.wire_bytes
            return
        self._told_share += TOLD_SMOOTHING * ((outcome.arrived_s is not None) - self._told_share)
        if outcome.arrived_s is None:
            return
        arrived_s = outcome.arrived_s
        if self._first_s is None or abs(arrived_s - self._newest_s) > 100.0:
            self._came.clear()
            self._first_s = self._newest_s = arrived_s
        if self._not_told_bytes:
            came_bytes = int(self._told_share**2 * self._not_told_bytes)
            self._came.append(((self._newest_s + arrived_s) / 2, came_bytes, False))
            self._not_told_bytes = 0
        self._came.append((arrived_s, outcome.wire_bytes, outcome.probe != NOT_A_PROBE))
        self._newest_s = max(self._newest_s, arrived_s)
        while self._came[0][0] < self._newest_s - LONG_S or len(self._came) > MOST_KEPT:
            self._came.popleft()

    def bit_s(self, over_s: float = LONG_S, *, with_bursts: bool = True) -> float | None:
        """None while there is too little to tell by."""
        if self._first_s is None or self._newest_s - self._first_s < LEAST_S:
            return None
        window_s = min(over_s, self._newest_s - self._first_s)
        since_s = self._newest_s - window_s
        count_bytes = sum(
            size
            for at_s, size, is_burst in self._came
            if at_s > since_s and (with_bursts or not is_burst)
        )
        return count_bytes * 8 / window_s


class LossShare:
    """Of the last second of what was sent; one that comes after all is no longer lost."""

    def __init__(self) -> None:
        self._told: deque[tuple[float, int]] = deque()  # sent at, 1 lost, 0 came, -1 came late

    def add(self, outcome: Outcome) -> None:
        if not outcome.is_known:
            return
        is_lost = outcome.arrived_s is None
        mark = 1 if is_lost else (-1 if outcome.was_missing else 0)
        self._told.append((outcome.sent_s, mark))
        newest_s = outcome.sent_s
        while self._told[0][0] < newest_s - LOSS_OVER_S or len(self._told) > MOST_KEPT:
            self._told.popleft()

    def forget(self) -> None:
        self._told.clear()

    @property
    def share(self) -> float | None:
        return self.share_since(-1e9)

    def share_since(self, sent_s: float) -> float | None:
        """Of what was sent after that time."""
        marks = [mark for at_s, mark in self._told if at_s > sent_s]
        packets = sum(mark >= 0 for mark in marks)
        return max(0, sum(marks)) / packets if packets >= LEAST_FOR_LOSS else None
