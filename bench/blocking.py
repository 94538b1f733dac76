"""A blocked screen: does the far end still get a picture as often, when ours stands still?"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.far_picture import FarPicture
from bench.floor import Floor
from bench.rows import Row, percentile, rounded, spread_of
from demo.visit import Visit
from demo.waiting import NotSo

MEASURE = "screen blocked: p95 interval of far pictures, blocked less unblocked"
GOAL = "<= 5.0"
BLOCKED_S, EVERY_S = 0.5, 2.0
FEWEST_PER_S = 5


class Blocking:
    """The workstation's screen is stopped, its pictures are watched in the cart's window."""

    def __init__(self, floor: Floor, visit: Visit) -> None:
        self._floor = floor
        self._pid = visit.workstation.pid
        self._eyes = floor.eyes_at(visit.cart)
        self._far = FarPicture(visit.cart, self._eyes, visit.workstation.number)

    def measure(self) -> list[Row]:
        free: list[float] = []
        blocked: list[float] = []
        pairs: list[float] = []
        for _ in range(self._floor.amount.turns):
            one, other = self._intervals(is_blocked=False), self._intervals(is_blocked=True)
            pairs.append(percentile(other, 95) - percentile(one, 95))
            free += one
            blocked += other
        return [self._compared(free, blocked, pairs), *self._told(free, blocked)]

    def _compared(self, free: list[float], blocked: list[float], pairs: list[float]) -> Row:
        amount = self._floor.amount
        value = rounded(percentile(blocked, 95) - percentile(free, 95))
        note = (
            f"SIGSTOP of the workstation's screen for {BLOCKED_S:g} s every {EVERY_S:g} s; another "
            f"picture in the cart's window, {amount.turns} turns of {amount.turn_s:g} s each way, "
            f"alternating; n: intervals while blocked; spread: the turns' own differences; film of "
            f"{self._floor.stage.given.frames_per_second} pictures a second; a look every "
            f"{self._eyes.between_looks_ms:.1f} ms (p99)"
        )
        return Row(MEASURE, "ms", value, len(blocked), spread_of(pairs), note, GOAL)

    @staticmethod
    def _told(free: list[float], blocked: list[float]) -> list[Row]:
        return [
            Row(
                f"interval of far pictures, screen {how}, p95",
                "ms",
                rounded(percentile(found, 95)),
                len(found),
                spread_of(found),
                "what the row above compares",
            )
            for how, found in (("unblocked", free), ("blocked", blocked))
        ]

    def _intervals(self, *, is_blocked: bool) -> list[float]:
        """Milliseconds between two different pictures painted at the far end."""
        found: list[float] = []
        painted_at = None
        seconds = self._floor.amount.turn_s
        with stopped_at_times(self._pid if is_blocked else None) as keep_to_time:
            for at, is_new in self._far.looks(seconds):
                keep_to_time(at)
                if not is_new:
                    continue
                if painted_at is not None:
                    found.append((at - painted_at) * 1000)
                painted_at = at
        if len(found) < FEWEST_PER_S * seconds:
            raise NotSo(f"only {len(found)} pictures in {seconds:g} s: the call does not run")
        return found


@contextmanager
def stopped_at_times(pid: int | None) -> Iterator[Callable[[float], None]]:
    """Told the time at every look, stops and continues the process; it runs at the end."""
    begun = time.monotonic()
    is_stopped = False

    def keep_to_time(now: float) -> None:
        nonlocal is_stopped
        is_due = (now - begun) % EVERY_S < BLOCKED_S
        if pid is not None and is_due != is_stopped:
            os.kill(pid, signal.SIGSTOP if is_due else signal.SIGCONT)
            is_stopped = is_due

    try:
        yield keep_to_time
    finally:
        if pid is not None:
            os.kill(pid, signal.SIGCONT)
