"""Sign-in: from the click to today's list on the screen."""

from bench.eyes import Change
from bench.floor import Floor
from bench.rows import Row, p95_row
from demo.clinic import CLINICIAN, Booked
from demo.screen import Box
from demo.side import SIGN_IN_LIMIT_S, Side
from demo.waiting import NotSo

MEASURE = "sign-in: click to today's list"
GOAL = "<= 1.0"
SCREEN_LIMIT_S = 8.0


class SigningIn:
    """At the workstation. Ends with the clinician signed in."""

    def __init__(self, floor: Floor, booked: Booked) -> None:
        self._floor = floor
        self._side: Side = floor.stage.workstation
        self._eyes = floor.eyes_at(self._side)
        self._pointer = floor.pointer_at(self._side)
        self._row = f"today.visit.{booked.record_number}"

    def measure(self) -> Row:
        self._side.sign_in(CLINICIAN)
        row = self._shown(self._row)
        appearing = self._learn(row)
        samples = [self._sample(row, appearing)]
        while len(samples) < self._floor.amount.sign_ins:
            self._sign_out()
            samples.append(self._sample(row, appearing))
        note = (
            "a mouse click on Sign in, to the booked patient's row painted, read from the display; "
            f"each after a sign-out, TLS and Argon2id included; a look every "
            f"{self._eyes.between_looks_ms:.1f} ms (p99)"
        )
        return p95_row(MEASURE, "s", samples, note, GOAL)

    def _learn(self, row: Box) -> Change:
        after = self._eyes.now(row)
        self._sign_out()
        return Change(self._eyes.now(row), after)

    def _sample(self, row: Box, appearing: Change) -> float:
        user = self._side.user
        user.write("sign-in.username", CLINICIAN.username)
        user.write("sign-in.password", CLINICIAN.password)
        self._pointer.rest_on(self._shown("sign-in.submit"))
        if appearing.is_done(self._eyes.now(row)):
            raise NotSo("the list is there before anybody signed in")
        clicked = self._pointer.click()
        shown = self._eyes.first(row, appearing.is_done, SIGN_IN_LIMIT_S, "today's list")
        user.sees("status.person", CLINICIAN.name, limit_s=SIGN_IN_LIMIT_S)
        return shown - clicked

    def _shown(self, widget: str) -> Box:
        box = self._side.user.sees(widget, limit_s=SCREEN_LIMIT_S).box
        if box is None:
            raise NotSo(f"{widget} has no place on the screen")
        return box

    def _sign_out(self) -> None:
        self._side.user.press("status.sign-out", SCREEN_LIMIT_S)
        self._side.user.sees("sign-in.submit", limit_s=SCREEN_LIMIT_S)
