"""What came and when, by transport number, until it was told to the far side. Bounded.

Packets that came late are told with the next feedback, from the first of them on.
"""

from media.quality.transport_feedback import MOST_PACKETS, TICK_S, build

MOST_BACK = 500  # packets; what comes later than this is told to nobody
MOST_AHEAD = 0x4000  # a jump further than this is a new beginning
MOST_KEPT = 8192  # when nobody asks for feedback
MOST_FEEDBACKS = 4  # at once, after a silence


class ArrivalLog:
    def __init__(self) -> None:
        self._came: dict[int, int] = {}  # number without wraps: ticks
        self._newest = -1
        self._tell_from = 0  # all before it is told
        self._is_due = False
        self._count = 0

    def came(self, number: int, at_s: float) -> None:
        """`number`: the 16 bits of the packet; `at_s` of any clock that never goes back."""
        ahead = (number - self._newest + 0x8000 & 0xFFFF) - 0x8000
        if self._newest < 0 or abs(ahead) > MOST_AHEAD:
            self._came.clear()
            self._newest = self._tell_from = number + 0x10000
            ahead = 0
        if ahead < -MOST_BACK:
            return
        full = self._newest + ahead
        self._newest = max(self._newest, full)
        if full in self._came:
            return
        self._came[full] = round(at_s / TICK_S)
        self._tell_from = min(self._tell_from, full)
        self._is_due = True
        if len(self._came) > MOST_KEPT:
            self._tell_from = max(self._tell_from, self._newest - MOST_BACK)
            self._forget()

    def take(self, ssrc: int, media_ssrc: int) -> list[bytes]:
        """The feedback that is due; none when nothing came since the last."""
        feedbacks: list[bytes] = []
        while self._is_due and len(feedbacks) < MOST_FEEDBACKS:
            end = min(self._newest + 1, self._tell_from + MOST_PACKETS)
            arrivals = [self._came.get(number) for number in range(self._tell_from, end)]
            if any(arrival is not None for arrival in arrivals):
                data, told = build(ssrc, media_ssrc, self._tell_from, arrivals, self._count)
                feedbacks.append(data)
                self._count = self._count + 1 & 0xFF
                end = self._tell_from + told
            self._tell_from = end
            self._is_due = end <= self._newest
        self._forget()
        return feedbacks

    def _forget(self) -> None:
        oldest = min(self._newest - MOST_BACK, self._tell_from)
        # In the order in which they came, which is nearly that of their numbers: one that came late
        # is kept until all before it may go.
        while self._came and (first := next(iter(self._came))) < oldest:
            del self._came[first]
