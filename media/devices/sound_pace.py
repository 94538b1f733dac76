"""How much of what was played is still to be heard where no device tells it: by the clock."""

import time
from collections.abc import Callable


class SoundPace:
    def __init__(self, rate_hz: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate_hz = rate_hz
        self._clock = clock
        self._ends_at = 0.0

    def add(self, samples: int) -> None:
        self._ends_at = max(self._ends_at, self._clock()) + samples / self._rate_hz

    @property
    def in_hand(self) -> int:
        """Samples."""
        return max(0, round((self._ends_at - self._clock()) * self._rate_hz))
