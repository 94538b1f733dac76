"""Whether a stream of numbers is one finger's: as many a second as it must be, no leap between.

Pure; `at_s` is when the bytes came. A frame that parses is not yet a reading (PERIPHERALS 1.2).
"""

STEADY_S = 3.0
MARK_S = 1.0
RATE_TOLERANCE = 0.2
SPO2_LEAP_PERCENT = 8
PULSE_LEAP_PER_MINUTE = 25

_Numbers = tuple[int, int]


class Steadiness:
    """A run begins with its first frame; each second of it is judged when the next frame comes."""

    def __init__(self, frames_per_s: float) -> None:
        self._least_per_s = frames_per_s * (1 - RATE_TOLERANCE)
        self._most_per_s = frames_per_s * (1 + RATE_TOLERANCE)
        self._last: _Numbers | None = None
        self._marked: _Numbers = (0, 0)
        self._marked_s = 0.0
        self._since_mark = 0
        self.good_s = 0.0  # seconds of this run that were judged good
        self.frames = 0  # of this run

    @property
    def is_steady(self) -> bool:
        return self.good_s >= STEADY_S

    def broken(self) -> None:
        """What came was no number."""
        self._last = None
        self.frames = 0
        self.good_s = 0.0

    def heard(self, spo2_percent: int, pulse_per_minute: int, at_s: float) -> None:
        numbers = (spo2_percent, pulse_per_minute)
        if self._last is None or not _is_near(self._last, numbers):
            self._begin(numbers, at_s)
            return
        self._last = numbers
        self.frames += 1
        self._since_mark += 1
        passed_s = at_s - self._marked_s
        if passed_s < MARK_S:
            return
        is_in_time = self._least_per_s <= self._since_mark / passed_s <= self._most_per_s
        if not is_in_time or not _is_near(self._marked, numbers):
            self._begin(numbers, at_s)
            return
        self.good_s += passed_s
        self._mark(numbers, at_s)

    def _begin(self, numbers: _Numbers, at_s: float) -> None:
        self._last = numbers
        self.frames = 1
        self.good_s = 0.0
        self._mark(numbers, at_s)

    def _mark(self, numbers: _Numbers, at_s: float) -> None:
        self._marked, self._marked_s, self._since_mark = numbers, at_s, 0


def _is_near(before: _Numbers, now: _Numbers) -> bool:
    return (
        abs(now[0] - before[0]) <= SPO2_LEAP_PERCENT
        and abs(now[1] - before[1]) <= PULSE_LEAP_PER_MINUTE
    )
