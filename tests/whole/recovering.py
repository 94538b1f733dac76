"""A kill -9 at a random moment of a running visit, and the way back to where it was.

What was acknowledged (the screen said kept) must be there afterwards, once; what was not may be.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from demo.checks import pressure_of
from demo.clinic import CLINICIAN, PRESENTER
from demo.cuff import Pressure, new_pressure
from demo.database_view import Row, walk_chain
from demo.programs import parents
from demo.side import Side
from demo.visit import CUFF_LIMIT_S, LIVE, Visit
from demo.waiting import NotSo, wait_for

KINDS = ("note", "note", "reading")  # a reading takes a whole cycle of the cuff
BACK_LIMIT_S = 120.0  # a machine with too little to spare gives the voice gaps, and pictures wait
LATEST_S = 1.2  # after the press; kept within some hundredths, sent within some tenths


@dataclass(frozen=True, slots=True)
class Keeping:
    """One thing to be kept: `record` is the words of a note or the pressure of a reading."""

    kind: str
    record: str | Pressure
    side: Side
    button: str

    @property
    def row(self) -> str:
        """What its row on the screen says, as a pattern."""
        return self.record.spoken if isinstance(self.record, Pressure) else re.escape(self.record)


class Kills:
    """`acknowledged` and `written` are of all kinds."""

    def __init__(self, visit: Visit, chance: random.Random) -> None:
        self._visit = visit
        self._chance = chance
        self.acknowledged: list[str | Pressure] = []
        self.written: list[str | Pressure] = []

    def round(self, target: str) -> None:
        """One note or reading, one kill while or after it is kept, and the visit live again."""
        keeping = self._prepared(target)
        side = keeping.side if target in ("media", "camera") else self._side_of(target)
        moment_s = self._chance.uniform(0.0, LATEST_S)
        self.written.append(keeping.record)
        pressed = time.monotonic()
        keeping.side.user.press(keeping.button, 8.0)
        is_kept = False
        while time.monotonic() - pressed < moment_s:
            is_kept = is_kept or self._says_kept(keeping)
        killed = self._kill(target, side)
        if is_kept:
            self.acknowledged.append(keeping.record)
        begun = time.monotonic()
        self._come_back(target, side, killed)
        print(
            f"kill -9 of the {target} ({killed}) {moment_s * 1000:.0f} ms after the press, "
            f"{keeping.kind} {'kept' if is_kept else 'not kept yet'}; live again after "
            f"{time.monotonic() - begun:.1f} s"
        )

    def _prepared(self, target: str) -> Keeping:
        """All but the press of Keep: words are typed, or the cuff has measured."""
        if self._chance.choice(KINDS) == "reading":
            return self._measured()
        side = self._side_of(target)
        words = f"Before a kill of the {target}: {self._chance.getrandbits(48):012x}"
        side.user.write("note.text", words, 8.0)
        return Keeping("note", words, side, "note.keep")

    def _measured(self) -> Keeping:
        """Of the cart's cuff, which was told a pressure that nobody had before."""
        visit, cuff = self._visit, self._visit.stage.cuff
        assert cuff is not None
        pressure = new_pressure(self._chance)
        while pressure in self.written or pressure in visit.facts.pressures:
            pressure = new_pressure(self._chance)
        cuff.will_measure(pressure)
        visit.start_cuff()
        shown = rf"{pressure.systolic}/{pressure.diastolic}"
        visit.cart.user.sees("cuff.result", shown, limit_s=CUFF_LIMIT_S)
        return Keeping("reading", pressure, visit.cart, "cuff.keep")

    def nothing_is_lost(self) -> None:
        """At the server: each acknowledged record once, none twice, one visit, a sound chain."""
        self._visit.everything_is_sent(BACK_LIMIT_S)
        facts = self._visit.facts
        found: Counter[str | Pressure] = Counter()
        found.update(row.document["text"] for row in self._ours("note"))
        found.update(pressure_of(row) for row in self._ours("reading"))
        assert not set(self.acknowledged) - set(found), "what was acknowledged is lost"
        assert max(found.values(), default=1) == 1, "a note or reading came twice"
        written = {*self.written, *facts.notes, *facts.pressures}  # of earlier kills, too
        assert not set(found) - written, "a note or reading that nobody made"
        walk_chain(self._visit.stage.database.acts(), {})
        facts.notes += [record for record in self.written if isinstance(record, str)]
        facts.pressures += [record for record in self.written if isinstance(record, Pressure)]

    def _ours(self, kind: str) -> list[Row]:
        visit = str(self._visit.booked.visit)
        rows = self._visit.stage.database.records_of(kind)
        return [row for row in rows if row.document["visit"] == visit]

    def _side_of(self, target: str) -> Side:
        stage = self._visit.stage
        if target in ("workstation", "cart"):
            return stage.workstation if target == "workstation" else stage.cart
        return self._chance.choice(stage.sides)

    @staticmethod
    def _says_kept(keeping: Keeping) -> bool:
        try:
            rows = keeping.side.user.rows(keeping.kind)
            return any(re.search(keeping.row, row.words, re.DOTALL) for row in rows)
        except NotSo:
            return False

    def _kill(self, target: str, side: Side) -> int:
        stage = self._visit.stage
        if target == "server":
            assert stage.clinic.server is not None
            stage.clinic.server.kill()
            return stage.clinic.server.pid
        if target in ("media", "camera"):
            pid = side.media_pid() if target == "media" else side.camera_pid()
            stage.desk.programs.kill_descendant(pid)
            return pid
        assert side.program is not None
        side.media_pid()  # remembered: it outlives its screen
        side.program.kill()
        return side.program.pid

    def _come_back(self, target: str, side: Side, killed: int) -> None:
        visit = self._visit
        if target == "server":
            visit.stage.clinic.start_server()
        elif target in ("workstation", "cart"):
            self._take_over(side)
        else:
            find: Callable[[], int] = side.media_pid if target == "media" else side.camera_pid
            wait_for(f"another {target} process", lambda: find() != killed, BACK_LIMIT_S)
        for one in visit.stage.sides:
            one.user.sees("visit.call-state", LIVE, limit_s=BACK_LIMIT_S)
            wait_for(
                f"moving pictures at the {one.name}",
                lambda one=one: visit.prove_picture(one),  # type: ignore[misc]
                BACK_LIMIT_S,
            )

    @staticmethod
    def _take_over(side: Side) -> None:
        """The call went on without its screen; the new one is locked until a password is given."""
        media = side.media_pid()
        side.start()
        side.sees_window("lock.password")
        assert side.media_pid() == media, "the call's process was started anew"
        assert media in parents()
        account = CLINICIAN if side.name == "workstation" else PRESENTER
        side.user.write("lock.password", account.password)
        side.user.press("lock.unlock")
        side.user.sees("banner.name", re.compile(r"\w").pattern, limit_s=BACK_LIMIT_S)
