"""When to show a picture: at once on a clean line, else so late that repeats come in time.

How late pictures become whole is learned as for the voice; waited is so much that no gap is seen
(150 ms is none), and until all is even where that is cheap: of pictures that are due at once only
the newest is shown. Grows at once, shrinks slowly. Pure: the time is told.
"""

from collections import deque
from dataclasses import dataclass
from typing import Generic, TypeVar

from media.quality.arrival_count import ArrivalCount

ShownT = TypeVar("ShownT")

REMEMBERED_S = 6.0
FASTEST_OF_S = 10.0
MOST_REMEMBERED = 900  # pictures
GAP_ALLOWED_S = 0.11  # beyond one picture's own time: 33 + 110 ms is no freeze yet
COVERED = 0.85  # of the late pictures; the others are those that were asked for twice
CHEAP_S = 0.1  # of delay: up to this all of them are covered
EVEN = 0.96  # of all pictures shall be in time, where that costs no more than the next line says
MOST_EVEN_S = 0.09
UNEVEN_FROM_S = 0.03  # a picture that is less late is shown before the next one is due
EVEN_AFTER, EVEN_EVERY = 90, 10  # pictures: known from so many on, looked at again after so many
SHRINK_S_A_S = 0.05  # of delay, per second: a second of pictures takes so much less, unseen
SPARE_S = 0.01
MOST_DELAY_S, LEAST_MOST_DELAY_S = 0.7, 0.25
MOST_WAITING = 48  # pictures
NEW_TIME_S = 5.0  # a step of the far clock wider than this is a new beginning


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[ShownT]):
    picture: ShownT
    at_s: float  # of the far side's clock


class PicturePace(Generic[ShownT]):
    """`at_s` is the far side's clock (RTP time in seconds), `now` ours; only differences count."""

    def __init__(self, count: ArrivalCount) -> None:
        self.count = count
        self.wished_s = 0.0  # to be as late as the voice
        self._most_s = LEAST_MOST_DELAY_S
        self._waiting: deque[_Waiting[ShownT]] = deque()
        self._ways: deque[tuple[float, float]] = deque(maxlen=MOST_REMEMBERED)  # (now, way)
        self._late: deque[tuple[float, float]] = deque(maxlen=MOST_REMEMBERED)  # (now, lateness)
        self._fastest: float | None = None
        self._newest_at_s: float | None = None
        self._late_since_whole = 0.0
        self._learned_s = self._even_s = 0.0
        self._looked = 0  # pictures since then
        self._changed_at: float | None = None

    @property
    def delay_s(self) -> float:
        """What is added to the fastest way from there to here."""
        return min(max(self._learned_s, self.wished_s), MOST_DELAY_S)

    def round_trip_is(self, round_trip_s: float) -> None:
        self._most_s = min(max(LEAST_MOST_DELAY_S, round_trip_s), MOST_DELAY_S)

    def begin_anew(self) -> None:
        self._waiting.clear()
        self._ways.clear()
        self._fastest = self._newest_at_s = None
        self._late_since_whole = 0.0

    def put(self, picture: ShownT, at_s: float, now: float) -> None:
        """Pictures come in the order of the far side's clock; one that does not is left out."""
        if self._newest_at_s is not None and abs(at_s - self._newest_at_s) > NEW_TIME_S:
            self.begin_anew()
        if self._newest_at_s is not None and at_s <= self._newest_at_s:
            self.count.skipped += 1
            return
        self._newest_at_s = at_s
        self._learn(now - at_s, now)
        self._waiting.append(_Waiting(picture, at_s))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self.count.skipped += 1

    def take(self, now: float) -> ShownT | None:
        """The newest picture that is due; older ones that were not taken are left out."""
        taken: _Waiting[ShownT] | None = None
        while self._waiting and self._due_at(self._waiting[0]) <= now:
            self.count.skipped += taken is not None
            taken = self._waiting.popleft()
        return None if taken is None else taken.picture

    def next_due_at(self) -> float | None:
        return self._due_at(self._waiting[0]) if self._waiting else None

    def _due_at(self, waiting: _Waiting[ShownT]) -> float:
        assert self._fastest is not None
        return waiting.at_s + self._fastest + self.delay_s

    # --- learning ------------------------------------------------------------------------------

    def _learn(self, way: float, now: float) -> None:
        self._ways.append((now, way))
        while self._ways[0][0] < now - FASTEST_OF_S:
            self._ways.popleft()
        if self._fastest is None or way < self._fastest or len(self._ways) % 30 == 0:
            self._fastest = min(each for _, each in self._ways)
        lateness = way - self._fastest
        # Those behind a late one wait with it: of such a run only the latest says something.
        if lateness > GAP_ALLOWED_S and lateness > self._late_since_whole:
            if self._late_since_whole > 0.0 and self._late:  # else its run is forgotten by now
                self._late.pop()
            self._late.append((now, lateness))
            self._late_since_whole = lateness
        elif lateness <= self._late_since_whole / 2:
            self._late_since_whole = 0.0
        while self._late and self._late[0][0] < now - REMEMBERED_S:
            self._late.popleft()
        self._follow(now)

    def _follow(self, now: float) -> None:
        aim_s = 0.0
        if self._late:
            ordered = sorted(lateness for _, lateness in self._late)
            usual_s = ordered[int(COVERED * (len(ordered) - 1))]
            all_s = min(ordered[-1], GAP_ALLOWED_S + CHEAP_S)
            aim_s = min(max(usual_s, all_s) - GAP_ALLOWED_S + SPARE_S, self._most_s)
        self._looked = (self._looked + 1) % EVEN_EVERY
        if self._looked == 0:
            self._even_s = self._for_evenness()
        aim_s = max(aim_s, self._even_s)
        since_s = 0.0 if self._changed_at is None else now - self._changed_at
        self._changed_at = now
        self._learned_s = max(aim_s, self._learned_s - SHRINK_S_A_S * since_s)

    def _for_evenness(self) -> float:
        if len(self._ways) < EVEN_AFTER or self._fastest is None:
            return 0.0
        ordered = sorted(way for _, way in self._ways)
        lateness = ordered[int(EVEN * (len(ordered) - 1))] - self._fastest
        return min(lateness + SPARE_S, MOST_EVEN_S) if lateness >= UNEVEN_FROM_S else 0.0
