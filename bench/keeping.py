"""A kept reading: from the click on Keep at the cart to the reading's row at the far screen."""

import re
import time
from collections.abc import Iterator

from bench.eyes import Change, Look
from bench.floor import Floor
from bench.rows import Row, p95_row
from demo.cuff import Cuff, Pressure, new_pressure
from demo.screen import Box
from demo.visit import CONFIRMED, CUFF_LIMIT_S, SCREEN_LIMIT_S, Visit
from demo.waiting import NotSo

MEASURE = "kept reading: click on Keep at the cart to its row at the far screen"
GOAL = "<= 300"
WATCH_S = 0.8  # longer than the goal; then the bus is asked, which takes the eyes off
HALF = 0.5


class Keeping:
    """In a running call. The first reading makes the list and is not counted."""

    def __init__(self, floor: Floor, visit: Visit) -> None:
        if floor.stage.cuff is None:
            raise NotSo("this needs the simulated cuff")
        self._floor = floor
        self._visit = visit
        self._cuff: Cuff = floor.stage.cuff
        self._eyes = floor.eyes_at(visit.workstation)
        self._pointer = floor.pointer_at(visit.cart)

    def measure(self) -> Row:
        first = self._measured()
        self._visit.keep_result(first)
        self._visit.sees_reading(self._visit.workstation, first, CONFIRMED, SCREEN_LIMIT_S)
        samples = [self._sample() for _ in range(self._floor.amount.readings)]
        note = (
            "a mouse click on Keep at the cart, to the row of that pressure painted at the "
            "workstation (first look at which half of the pixels that make the row are there; the "
            "accessibility bus then says that it is this reading); both screens and the call run; "
            f"a look every {self._eyes.between_looks_ms:.1f} ms (p99)"
        )
        return p95_row(MEASURE, "ms", samples, note, GOAL)

    def _measured(self) -> Pressure:
        pressure = new_pressure(self._floor.chance)
        self._cuff.will_measure(pressure)
        self._visit.start_cuff()
        result = rf"{pressure.systolic}/{pressure.diastolic}"
        self._visit.cart.user.sees("cuff.result", result, limit_s=CUFF_LIMIT_S)
        return pressure

    def _sample(self) -> float:
        pressure = self._measured()
        far = self._visit.workstation
        keep = self._visit.cart.user.sees("cuff.keep", state="enabled", limit_s=SCREEN_LIMIT_S).box
        place = far.user.sees("readings.list", limit_s=SCREEN_LIMIT_S).box
        if keep is None or place is None:
            raise NotSo("Keep or the list of readings has no place on the screen")
        self._pointer.rest_on(keep)
        before = Look(time.monotonic(), self._eyes.now(place))
        clicked = self._pointer.click()
        seen = [before]
        row = self._watch_until_there(pressure, place, seen)
        self._visit.facts.pressures.append(pressure)
        at = arrival(seen, inside(row, place))
        self._visit.sees_reading(far, pressure, CONFIRMED, SCREEN_LIMIT_S)
        return (at - clicked) * 1000

    def _watch_until_there(self, pressure: Pressure, place: Box, seen: list[Look]) -> Box:
        """Adds each look that shows something else, until the bus says that the row is there."""
        until = time.monotonic() + SCREEN_LIMIT_S
        while time.monotonic() < until:
            seen += changes(self._eyes.watch(place, WATCH_S), seen[-1])
            row = self._visit.workstation.user.read("reading.1")
            if row.box is not None and re.search(pressure.spoken, row.words):
                # It may have come while the bus was asked: then this look is the first.
                seen.append(Look(time.monotonic(), self._eyes.now(place)))
                return row.box
        raise NotSo(f"the reading did not reach the far screen within {SCREEN_LIMIT_S:.0f} s")


def changes(looks: Iterator[Look], before: Look) -> list[Look]:
    """Only those that show something else than the look before."""
    found, last = [], before.pixels.tobytes()
    for look in looks:
        now = look.pixels.tobytes()
        if now != last:
            found.append(look)
            last = now
    return found


def arrival(seen: list[Look], row: Box) -> float:
    """When most of the row was there first: of the last look, what the first one had not."""
    x, y, width, height = row
    place = (slice(y, y + height), slice(x, x + width))
    appearing = Change(seen[0].pixels[place], seen[-1].pixels[place])
    return next(look.at for look in seen if appearing.share_done(look.pixels[place]) >= HALF)


def inside(box: Box, of: Box) -> Box:
    """Its place counted from the other one's corner; what lies outside is left away."""
    left, top = max(box[0], of[0]), max(box[1], of[1])
    right = min(box[0] + box[2], of[0] + of[2])
    bottom = min(box[1] + box[3], of[1] + of[3])
    return left - of[0], top - of[1], right - left, bottom - top
