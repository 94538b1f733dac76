"""The acts of one visit, each played at a screen and proven at the far one. They return figures.

Patterns of words are what a user reads; how the product comes to them is not known here.
"""

import re
import time
from contextlib import suppress
from dataclasses import dataclass, field

from demo.clinic import Booked
from demo.cuff import Pressure
from demo.side import Boxes, Side
from demo.stage import Stage
from demo.waiting import NotSo, wait_for

LIVE = r"^Live$|\bLive\b"
WITHOUT_PICTURE = r"Voice only|Messages only"
CONFIRMED = r"(?<!not yet )confirmed by the server"
WAITING_FOR_SERVER = "not yet confirmed by the server"
# How long may pass at most where a machine is slow; how long it took is told and measured.
SCREEN_LIMIT_S = 30.0
CALL_LIMIT_S = 60.0
CUFF_LIMIT_S, REAL_CUFF_LIMIT_S = 30.0, 120.0
ASK_PLACE_AGAIN_S = 2.0  # the bus takes the eyes off, and a first picture is timed
HEAR_LIMIT_S = 40.0  # on a busy machine many a round is torn; one whole one is enough
LOOK_AT_PICTURE_S, SHORT_LOOK_S = 0.7, 0.15
FEWEST_PICTURES = 3  # in that time; a still picture has one
# Two looks in a row must see it move: of a far camera that stands still a few pictures are still on
# their way, and one that has just come back moves by fits at first on a busy machine.
LOOKS_IN_A_ROW = 2
STILL_LIMIT_S = 15.0


@dataclass(slots=True)
class Facts:
    """What was done in the visit, for the checks at its end."""

    booked: Booked
    pressures: list[Pressure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fingerprints: list[str] = field(default_factory=list)  # of recordings, as both screens said


class Visit:
    def __init__(self, stage: Stage, booked: Booked) -> None:
        self.stage = stage
        self.workstation, self.cart = stage.workstation, stage.cart
        self.booked = booked
        self.facts = Facts(booked)

    def far_of(self, side: Side) -> Side:
        return self.cart if side is self.workstation else self.workstation

    # --- coming together -----------------------------------------------------------------------

    def check_in(self) -> None:
        """The nurse chooses the patient and presses the first of three large buttons."""
        row = f"today.visit.{self.booked.record_number}"
        self.cart.user.press(row, SCREEN_LIMIT_S)
        self.cart.user.press("cart.start-visit", SCREEN_LIMIT_S)
        self._sees_patient(self.cart)

    def open_chart(self) -> None:
        row = f"today.visit.{self.booked.record_number}"
        self.workstation.user.sees(row, "Checked in", limit_s=SCREEN_LIMIT_S)
        self.workstation.user.press(row)
        self._sees_patient(self.workstation)

    def _sees_patient(self, side: Side) -> None:
        """Two identifiers, and no other patient's."""
        name = f"{self.booked.family.upper()}, {self.booked.given}"
        side.user.sees("banner.name", re.escape(name), limit_s=SCREEN_LIMIT_S)
        shown = side.user.read("banner.record-number").words
        if re.sub(r"\D", "", shown) != self.booked.record_number:
            raise NotSo(f"the {side.name} shows another record number")

    def join(self) -> float:
        """Click to the first far picture painted, in seconds."""
        boxes = self.workstation.far_box()
        clicked = time.monotonic()
        self.workstation.user.press("visit.join", SCREEN_LIMIT_S)
        self._first_picture(self.workstation, boxes)
        return time.monotonic() - clicked

    def _first_picture(
        self, side: Side, boxes: Boxes | None = None, limit_s: float = CALL_LIMIT_S
    ) -> None:
        far = self.far_of(side)
        places = side.far_box() if boxes is None else boxes
        asked_at = time.monotonic()

        def look() -> bool:
            nonlocal places, asked_at
            if time.monotonic() - asked_at > ASK_PLACE_AGAIN_S:  # what stood above it may be gone
                places, asked_at = side.far_box(), time.monotonic()
            if not far.has_number:
                return side.far_changes(SHORT_LOOK_S) > 1
            seen = side.far_code(places)
            return seen is not None and seen.number == far.number

        try:
            wait_for(f"the {side.name} shows {self.proof_of(far)}", look, limit_s, look_s=0.005)
        except NotSo as error:
            raise NotSo(f"{error}; its screen says: {self._words_of_call(side)}") from error

    @staticmethod
    def _words_of_call(side: Side) -> str:
        """Why there is no picture, where the product knows it."""
        said = []
        for place in ("visit.call-state", "visit.ladder-received"):
            with suppress(NotSo):
                said.append(side.user.read(place).words)
        return ", ".join(said)

    @staticmethod
    def proof_of(far: Side) -> str:
        """What of its camera's picture must be seen at the other side."""
        return f"the number {far.number:08x}" if far.has_number else "moving pictures of a film"

    def pictures_seen(self, side: Side, seconds: float) -> int:
        """Different far pictures in this time, each with the right number if there is one."""
        far = self.far_of(side)
        if not far.has_number:
            return side.far_changes(seconds)
        return len(set(side.far_counters(seconds, far.number)))

    def is_live(self, limit_s: float = CALL_LIMIT_S) -> None:
        for side in (self.workstation, self.cart):
            side.user.sees("visit.call-state", LIVE, limit_s=limit_s)

    # --- picture and sound ---------------------------------------------------------------------

    def prove_picture(self, side: Side, limit_s: float = CALL_LIMIT_S) -> int:
        """The far camera's number is in this window, and its pictures move; how many were seen.

        A picture that was taken away again, and the screen says so, is waited for.
        """
        until = time.monotonic() + limit_s
        while True:
            self._first_picture(side, limit_s=max(0.0, until - time.monotonic()))
            counts: list[int] = []
            looks_until = time.monotonic() + STILL_LIMIT_S
            while time.monotonic() < looks_until:
                counts.append(self.pictures_seen(side, LOOK_AT_PICTURE_S))
                newest = counts[-LOOKS_IN_A_ROW:]
                if len(newest) == LOOKS_IN_A_ROW and min(newest) >= FEWEST_PICTURES:
                    return sum(newest)
            said = self._words_of_call(side)
            if not re.search(WITHOUT_PICTURE, said) or time.monotonic() > until:
                raise NotSo(
                    f"the {side.name}'s far picture stands still: {counts} pictures in "
                    f"{LOOK_AT_PICTURE_S} s each; its screen says: {said}"
                )

    def prove_sound(self, side: Side) -> int:
        """What the far side says is what this side's sound device is given."""
        far = self.far_of(side)
        voice = far.speak()
        try:
            return side.hears(far.tones, HEAR_LIMIT_S)
        finally:
            voice.end()

    # --- the cuff ------------------------------------------------------------------------------

    def start_cuff(self) -> None:
        self.cart.user.press("cuff.start", SCREEN_LIMIT_S)

    def sees_cuff_pressure(self) -> tuple[str, str]:
        """The pressure in the running cuff as the far screen tells it: early, and above 100."""
        user = self.workstation.user
        early = user.sees("cuff.live", r"\b\d{2,3} mmHg", limit_s=CUFF_LIMIT_S).name
        return early, user.sees("cuff.live", r"\b[12]\d\d mmHg", limit_s=CUFF_LIMIT_S).name

    def reads_result(self) -> Pressure:
        """What the cart's screen says that a real cuff measured: here nobody else knows it."""
        shown = self.cart.user.sees("cuff.result", r"\d+/\d+", limit_s=REAL_CUFF_LIMIT_S).words
        pulse = self.cart.user.sees("cuff.extra", r"pulse \d+", limit_s=SCREEN_LIMIT_S).words
        values = [re.search(r"(\d+)/(\d+)", shown), re.search(r"pulse (\d+)", pulse)]
        systolic, diastolic, per_minute = (
            int(part) for found in values if found is not None for part in found.groups()
        )
        return Pressure(systolic, diastolic, per_minute)

    def keep_result(self, pressure: Pressure) -> float:
        """When the cart's screen says the right result; the moment at which Keep was pressed."""
        self.cart.user.sees(
            "cuff.result", rf"{pressure.systolic}/{pressure.diastolic}", limit_s=CUFF_LIMIT_S
        )
        pressed = time.monotonic()
        self.cart.user.press("cuff.keep", SCREEN_LIMIT_S)
        self._sees_row(self.cart, "reading", pressure.spoken, SCREEN_LIMIT_S)
        self.facts.pressures.append(pressure)
        return pressed

    def sees_reading(
        self, side: Side, pressure: Pressure, confirmation: str, limit_s: float
    ) -> None:
        self._sees_row(side, "reading", f"{pressure.spoken}.*{confirmation}", limit_s)

    # --- notes ---------------------------------------------------------------------------------

    def write_note(self, side: Side, words: str) -> float:
        """Seconds from the press until the screen shows it as kept."""
        side.user.write("note.text", words, SCREEN_LIMIT_S)
        pressed = time.monotonic()
        side.user.press("note.keep", SCREEN_LIMIT_S)
        self._sees_row(side, "note", re.escape(words), SCREEN_LIMIT_S)
        self.facts.notes.append(words)
        return time.monotonic() - pressed

    def sees_note(self, side: Side, words: str, confirmation: str, limit_s: float) -> None:
        self._sees_row(side, "note", f"{confirmation}.*{re.escape(words)}", limit_s)

    def _sees_row(self, side: Side, kind: str, pattern: str, limit_s: float) -> None:
        """Newest first, but what the far side did may come to stand above."""

        def look() -> bool:
            rows = side.user.rows(kind)
            return any(re.search(pattern, row.words, re.DOTALL) for row in rows)

        wait_for(f"the {side.name} shows a {kind} {pattern!r}", look, limit_s, look_s=0.03)

    # --- the stethoscope -----------------------------------------------------------------------

    def record_heart(self, seconds: float) -> str:
        """The fingerprint that both screens say, after both hashes were computed."""
        self.cart.user.press("scope.start", SCREEN_LIMIT_S)
        self.workstation.user.sees("scope.state", "Receiving", limit_s=SCREEN_LIMIT_S)
        time.sleep(seconds)  # a person listens
        if self.cart.is_at("scope.stop"):  # a short file may have ended by itself
            self.cart.user.press("scope.stop", SCREEN_LIMIT_S)
        said = {
            side.name: side.user.sees(
                "scope.proof", r"same hash at both ends", limit_s=SCREEN_LIMIT_S
            ).words
            for side in (self.cart, self.workstation)
        }
        prints = {re.sub(r"[^0-9a-f]", "", _in_brackets(words)) for words in said.values()}
        if len(prints) != 1 or len(found := prints.pop()) != 8:
            raise NotSo(f"the two screens name different recordings: {said}")
        self.facts.fingerprints.append(found)
        return found

    # --- the end -------------------------------------------------------------------------------

    def everything_is_sent(self, limit_s: float) -> None:
        for side in (self.workstation, self.cart):
            side.user.sees("status.unsent", "Nothing unsent", limit_s=limit_s)

    def finish(self) -> None:
        self.workstation.user.press("visit.finish", SCREEN_LIMIT_S)
        self.workstation.user.press("visit.finish-confirm", SCREEN_LIMIT_S)
        for side in (self.workstation, self.cart):
            side.user.sees("visit.state", "Finished", limit_s=SCREEN_LIMIT_S)

    def sign(self) -> None:
        self.workstation.user.press("visit.sign", SCREEN_LIMIT_S)
        self.workstation.user.press("visit.sign-confirm", SCREEN_LIMIT_S)
        for side in (self.workstation, self.cart):
            side.user.sees("visit.state", "Signed", limit_s=SCREEN_LIMIT_S)

    def hang_up(self) -> None:
        for side in (self.workstation, self.cart):
            side.user.press("visit.hang-up", SCREEN_LIMIT_S)

    def leave(self) -> None:
        """Back to where the next visit is chosen."""
        self.hang_up()
        for side, page in ((self.workstation, "today.list"), (self.cart, "cart.start-visit")):
            side.user.press("visit.back", SCREEN_LIMIT_S)
            side.user.sees(page, limit_s=SCREEN_LIMIT_S)


def _in_brackets(words: str) -> str:
    _, _, rest = words.partition("(")
    return rest.partition(")")[0].lower()
