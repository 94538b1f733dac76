"""What a refused seat means for who waits for it: ask again after a pause, or give it up.

No I/O; time is an argument, in monotonic seconds.
"""

from enum import Enum, auto

from app.domain.failures import Code

ASK_AGAIN_S = 4.0
# A machine that lost its power holds its seat until the server misses its answers (40 s). Who
# waited for longer would only snatch the seat from somebody whose line fails for a second.
TAKEN_LIMIT_S = 60.0
MAY_PASS = frozenset({Code.SEAT_TAKEN, Code.SERVER_ERROR, Code.OVERRUN})


class Step(Enum):
    WAIT = auto()
    ASK_AGAIN = auto()
    GIVE_UP = auto()


class SeatWait:
    """`code` is why there is no seat; None: nothing was refused."""

    def __init__(self) -> None:
        self.code: Code | None = None
        self._since = 0.0
        self._refused_at = 0.0

    def refused(self, code: Code, now: float) -> None:
        if self.code is None:
            self._since = now
        self.code, self._refused_at = code, now

    def forget(self) -> None:
        self.code = None

    def step(self, now: float, *, is_live: bool) -> Step:
        """A call that runs needs no seat; when it is lost there is all the time for one again."""
        if self.code is None or is_live:
            self._since = now
            return Step.WAIT
        is_over = self.code is Code.SEAT_TAKEN and now - self._since >= TAKEN_LIMIT_S
        if self.code not in MAY_PASS or is_over:
            return Step.GIVE_UP
        if now - self._refused_at < ASK_AGAIN_S:
            return Step.WAIT
        self._refused_at = now  # the answer to this one is waited for as long
        return Step.ASK_AGAIN
