"""A kill -9 at a random moment of a running visit, and the way back to where it was.

What was acknowledged (the screen said kept) must be there afterwards, once; what was not may be.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable

from demo.clinic import CLINICIAN, PRESENTER
from demo.database_view import walk_chain
from demo.programs import parents
from demo.side import Side
from demo.visit import LIVE, Visit
from demo.waiting import NotSo, wait_for

BACK_LIMIT_S = 45.0
LATEST_S = 1.2  # after the press; kept within some hundredths, sent within some tenths


class Kills:
    """`acknowledged` and `written` are the words of notes."""

    def __init__(self, visit: Visit, chance: random.Random) -> None:
        self._visit = visit
        self._chance = chance
        self.acknowledged: list[str] = []
        self.written: list[str] = []

    def round(self, target: str) -> None:
        """One note, one kill while or after it is kept, and the visit live again."""
        side = self._side_of(target)
        words = f"Before a kill of the {target}: {self._chance.getrandbits(48):012x}"
        moment_s = self._chance.uniform(0.0, LATEST_S)
        side.user.write("note.text", words, 8.0)
        self.written.append(words)
        pressed = time.monotonic()
        side.user.press("note.keep", 8.0)
        is_kept = False
        while time.monotonic() - pressed < moment_s:
            is_kept = is_kept or self._says_kept(side, words)
        killed = self._kill(target, side)
        if is_kept:
            self.acknowledged.append(words)
        begun = time.monotonic()
        self._come_back(target, side, killed)
        print(
            f"kill -9 of the {target} ({killed}) {moment_s * 1000:.0f} ms after the press, "
            f"{'kept' if is_kept else 'not kept yet'}; live again after "
            f"{time.monotonic() - begun:.1f} s"
        )

    def nothing_is_lost(self) -> None:
        """At the server: each acknowledged note once, no note twice, one visit, a sound chain."""
        self._visit.everything_is_sent(BACK_LIMIT_S)
        database = self._visit.stage.database
        visit = str(self._visit.booked.visit)
        found = Counter(
            row.document["text"]
            for row in database.records_of("note")
            if row.document["visit"] == visit
        )
        assert not set(self.acknowledged) - set(found), "an acknowledged note is lost"
        assert max(found.values(), default=1) == 1, "a note came twice"
        written = {*self.written, *self._visit.facts.notes}  # of earlier kills, too
        assert not set(found) - written, "a note that nobody wrote"
        walk_chain(database.acts(), {})

    def _side_of(self, target: str) -> Side:
        stage = self._visit.stage
        if target in ("workstation", "cart"):
            return stage.workstation if target == "workstation" else stage.cart
        return self._chance.choice(stage.sides)

    @staticmethod
    def _says_kept(side: Side, words: str) -> bool:
        try:
            return any(words in row.words for row in side.user.rows("note"))
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
