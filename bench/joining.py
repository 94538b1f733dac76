"""Joining: from the click on Join to the first far picture painted, at both screens."""

import re
import time

from bench.far_picture import FarPicture
from bench.floor import Floor
from bench.rows import Row, p95_row, percentile
from demo.screen import Box
from demo.visit import CALL_LIMIT_S, SCREEN_LIMIT_S, Visit
from demo.waiting import NotSo, wait_for

MEASURE = "join: click to first far picture painted"
GOAL = "<= 1.0"
BETWEEN_S = 0.5  # a person does not join in the moment after hanging up
JOINED_IN = re.compile(r"[Jj]oined in\D*(\d+(?:[.,]\d+)?)\s*(ms|s)")


class Joining:
    """The clinician clicks and hangs up; the cart sits waiting. Ends joined."""

    def __init__(self, floor: Floor, visit: Visit) -> None:
        self._floor = floor
        self._visit = visit
        self._side = visit.workstation
        self._eyes = floor.eyes_at(self._side)
        self._pointer = floor.pointer_at(self._side)
        self._far = FarPicture(self._side, self._eyes, visit.cart.number)

    def measure(self) -> Row:
        join = self._side.user.sees("visit.join", limit_s=SCREEN_LIMIT_S).box
        if join is None:
            raise NotSo("Join has no place on the screen")
        samples = [self._sample(join)]
        said = [self._said()]
        while len(samples) < self._floor.amount.joins:
            self._hang_up()
            samples.append(self._sample(join))
            said.append(self._said())
        own = [value for value in said if value is not None]
        told = ""
        if own:
            told = f"; the product itself says p95 {percentile(own, 95):.2f} s of {len(own)}"
        note = (
            "a mouse click on Join at the workstation, to the cart's camera picture in the "
            "window's pixels (its 32-bit number read back), the cart waiting in the visit; hung up "
            "and joined again in one visit; a look every "
            f"{self._eyes.between_looks_ms:.1f} ms (p99){told}"
        )
        return p95_row(MEASURE, "s", samples, note, GOAL)

    def _sample(self, join: Box) -> float:
        self._side.user.sees("visit.join", state="enabled", limit_s=SCREEN_LIMIT_S)
        if self._far.is_shown():
            raise NotSo("a far picture is there before anybody joined")
        self._pointer.rest_on(join)
        clicked = self._pointer.click()
        return self._far.first_painted(CALL_LIMIT_S) - clicked

    def _said(self) -> float | None:
        """What the product tells of the same joining, when it does."""
        found = JOINED_IN.search(self._side.user.read("visit.measures").words)
        if found is None:
            return None
        value = float(found[1].replace(",", "."))
        return value / 1000 if found[2] == "ms" else value

    def _hang_up(self) -> None:
        self._side.user.press("visit.hang-up", SCREEN_LIMIT_S)
        wait_for(
            "the far picture goes with the call", lambda: not self._far.is_shown(), SCREEN_LIMIT_S
        )
        self._side.user.sees("visit.join", state="enabled", limit_s=SCREEN_LIMIT_S)
        time.sleep(BETWEEN_S)
