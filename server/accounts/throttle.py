"""Slows guessing: each failed try per user and address counts, and is forgiven slowly."""

import math

from server.problems import TooManyTries

TRIES = 5
FORGIVEN_AFTER_S = 60.0  # one try each
REMEMBERED_MAX = 10_000


class Throttle:
    """A leaking bucket per key, in memory; `now` is monotonic time."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}  # tries that count, as of when

    def count(self, key: str, now: float) -> None:
        """Count a try before it is judged, so that many at once do not slip through."""
        tries = self._tries(key, now)
        if tries > TRIES - 1:
            raise TooManyTries(math.ceil((tries - (TRIES - 1)) * FORGIVEN_AFTER_S))
        if key not in self._buckets and len(self._buckets) >= REMEMBERED_MAX:
            self._forget_some(now)
        self._buckets[key] = (tries + 1, now)

    def forgive(self, key: str) -> None:
        """The try was good."""
        self._buckets.pop(key, None)

    def _tries(self, key: str, now: float) -> float:
        tries, at = self._buckets.get(key, (0.0, now))
        return max(0.0, tries - (now - at) / FORGIVEN_AFTER_S)

    def _forget_some(self, now: float) -> None:
        """Those forgiven by now; when there are none, the one that is nearest to it."""
        over = [key for key in self._buckets if self._tries(key, now) == 0]
        over = over or [min(self._buckets, key=lambda key: self._tries(key, now))]
        for key in over:
            del self._buckets[key]
