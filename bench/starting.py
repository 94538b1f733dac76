"""Starting: from exec to the sign-in page painted, its files in memory or not."""

import sys
import sysconfig
import time
from pathlib import Path

from bench.eyes import Change, around
from bench.floor import Floor
from bench.machine import ROOT
from bench.page_cache import files_below, files_mapped_by, put_out, resident_mib
from bench.rows import Row, p95_row
from demo.display import HEIGHT, WIDTH
from demo.screen import Box
from demo.side import WINDOW_LIMIT_S
from demo.waiting import wait_for

WARM, COLD = "exec to painted sign-in, warm", "exec to painted sign-in, cold cache"
WARM_GOAL, COLD_GOAL = "<= 1.0", "<= 2.0"
PRODUCT = ("main.py", "app", "ui", "media", "peripherals", "offline_store", "resources")
FORM = ("sign-in.username", "sign-in.password", "sign-in.submit")
REST_S = 0.5  # the ended program's window and processes are gone
COLD_SHARE = 0.2  # above this share of what it needs still in memory a start is not called cold


class Starting:
    """The workstation alone, with a profile that exists; server, display and key ring run."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._side = floor.stage.workstation
        self._eyes = floor.eyes_at(self._side)

    def measure(self) -> list[Row]:
        for side in self._floor.stage.sides:
            side.close()
        self._floor.pointer_at(self._side).leave()
        form, appearing, files = self._learn()
        count = self._floor.amount.starts
        warm = [self._sample(form, appearing) for _ in range(count)]
        needed_mib = resident_mib(files)
        cold, left_mib = [], []
        for _ in range(count):
            put_out(files)
            left_mib.append(resident_mib(files))
            cold.append(self._sample(form, appearing))
        return [
            p95_row(WARM, "s", warm, f"started right before; {self._told()}", WARM_GOAL),
            self._cold_row(cold, max(left_mib), needed_mib),
        ]

    def _cold_row(self, samples: list[float], left_mib: float, needed_mib: float) -> Row:
        kept = f"{left_mib:.0f} of {needed_mib:.0f} MiB stayed in memory, mapped by other programs"
        note = f"program, venv, Python and mapped libraries put out of the page cache; {kept}"
        if left_mib > COLD_SHARE * needed_mib:
            note = f"NOT QUITE COLD: {note}"
        return p95_row(COLD, "s", samples, f"{note}; {self._told()}", COLD_GOAL)

    def _told(self) -> str:
        return (
            "just before fork to nine tenths of the form's pixels there, on a private display; an "
            f"existing profile; a look every {self._eyes.between_looks_ms:.1f} ms (p99)"
        )

    def _learn(self) -> tuple[Box, Change, set[Path]]:
        """Where the form is, how it looks, and which files a start needs."""
        empty = self._eyes.now((0, 0, WIDTH, HEIGHT))
        # Python keeps the compiled form of what it runs, unless told not to, as the demonstration
        # does: the second start of a checkout, and each of an installed one, has it.
        self._floor.stage.desk.base.pop("PYTHONDONTWRITEBYTECODE", None)
        self._side.start()
        self._side.sees_window(FORM[0])
        boxes = [self._side.user.read(widget).box for widget in FORM]
        form = around([box for box in boxes if box is not None])
        time.sleep(REST_S)  # painted whole
        x, y, width, height = form
        before = empty[y : y + height, x : x + width]
        appearing = Change(before, self._eyes.now(form))
        files = files_mapped_by(self._side.pid) | files_below(
            [
                *(ROOT / name for name in PRODUCT if (ROOT / name).is_dir()),
                Path(sysconfig.get_path("stdlib")),
                Path(sys.prefix),
                self._side.profile,
            ]
        )
        self._end(form, appearing)
        return form, appearing, files

    def _sample(self, form: Box, appearing: Change) -> float:
        begun = time.monotonic()
        self._side.start()
        shown = self._eyes.first(form, appearing.is_done, WINDOW_LIMIT_S, "the sign-in page")
        self._side.sees_window(FORM[0])
        self._end(form, appearing)
        return shown - begun

    def _end(self, form: Box, appearing: Change) -> None:
        self._side.close()
        wait_for(
            "the window is gone",
            lambda: not appearing.is_done(self._eyes.now(form)),
            WINDOW_LIMIT_S,
        )
        time.sleep(REST_S)
