"""Runs all checks and tests, tells the time of each part, and ends with one line for all of them.

The parts are told apart by what they need: the checks read the code, the fast and the data tests
need no window, the whole tests and the visits start real programs and bring their own display, bus
and sound server. Two lanes share the two cores. One of them holds all real calls, one after the
other, because two at a time are more than a slow machine carries: a call whose programs wait for a
processor has gaps in its voice, and gives up its picture as it should. What only reckons gives way
to them.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from demo.network import as_root_of_our_own

ROOT = Path(__file__).resolve().parent.parent
WHOLE = "tests/whole"
# In this order: the visits that are looked up in the database at the end were all held before.
VISITS = [f"{WHOLE}/test_{name}.py" for name in ("bench_visit", "kills", "sabotage", "visit")]
# Real lines and cameras without a call; they wait more than they work.
LINES = [
    f"{WHOLE}/test_{name}.py"
    for name in (
        *("analyse", "byte_port", "camera", "camera_head", "cuff", "device_hotplug", "emulators"),
        *("oximeter_line", "serial_scope", "sound_export", "still_export"),
    )
]
# What a control makes of a narrow line, when nothing else holds up its two ends.
CALM = [f"{WHOLE}/test_line_control.py"]
SERVER = ["tests/server", "tests/contract", "tests/simulation"]
STORE = ["tests/store", "tests/story"]
NICE = 15
DAILY = "not long and not hardware"
CHECK = "check"
# pytest's closing line: "==== 3 passed, 1 skipped in 0.12s ====", or without the rule under -q.
CLOSING_LINE = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s(?: \([\d:]+\))? ?=*$")
COUNT = re.compile(r"(\d+) ([a-z]+)")
ORDER = ["failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error"]
SINGULAR = {"errors": "error", "warning": "warnings"}
NO_TESTS_COLLECTED = 5
TELLING = threading.Lock()
# What gives way runs in sessions of its own, which a keyboard's interrupt does not reach.
APART_RUNNING: set[int] = set()


@dataclass
class Part:
    """What one part came to."""

    name: str
    seconds: float
    exit_code: int
    counts: Counter[str] = field(default_factory=Counter)
    said: str = ""


@dataclass(frozen=True)
class Tests:
    """What pytest is asked for; `is_whole`: with real programs, in a network of our own;
    `gives_way`: to the other lane, wherever both want a processor.
    """

    name: str
    paths: list[str]
    which: str = DAILY
    is_whole: bool = False
    gives_way: bool = False


MEDIA = "tests/unit/media"
APART = [WHOLE, MEDIA, *SERVER, *STORE]
APART_IN_WHOLE = [f"--ignore={path}" for path in (*VISITS, *LINES, *CALM)]
LANES: list[list[Tests | str]] = [
    [
        Tests("visits", VISITS, is_whole=True),
        Tests("whole", [WHOLE, *APART_IN_WHOLE], is_whole=True),
        Tests("calm", CALM, is_whole=True),
        Tests("server", SERVER, gives_way=True),
    ],
    [
        Tests("fast tests", ["tests", *(f"--ignore={path}" for path in APART)], gives_way=True),
        CHECK,
        Tests("media", [MEDIA], gives_way=True),
        Tests("lines", LINES, is_whole=True),
        Tests("store", STORE, gives_way=True),
    ],
]
LONG = "long and not hardware"
LONG_RUNS = "tests/simulation/test_seeds.py::test_nothing_is_lost_in_long_runs"
NOT_REST = [f"--ignore={path}" for path in (WHOLE, *STORE, "tests/simulation")]
# Whoever is done takes the next one. Real calls come first, and beside them what kills a store.
LONG_WORK: list[list[Tests | str]] = [
    [Tests("long whole", [WHOLE], LONG, is_whole=True)],
    [Tests("long store", STORE, LONG, gives_way=True)],
    [Tests("long rest", ["tests", *NOT_REST], LONG, gives_way=True)],
]
LONG_RUNS_AT_ONCE = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="only the longer loops")
    wants_long = parser.parse_args().long
    os.chdir(ROOT)
    started = time.monotonic()
    work = [*LONG_WORK, *long_runs()] if wants_long else LANES
    for lane in work:
        print("in turn: " + ", ".join(_name_of(one) for one in lane), flush=True)
    with ThreadPoolExecutor(len(LANES)) as pool:
        try:
            parts = [part for lane in pool.map(run_lane, work) for part in lane]
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for session in tuple(APART_RUNNING):
                os.killpg(session, signal.SIGINT)
            raise
    tell(parts, time.monotonic() - started)
    return 1 if any(part.exit_code for part in parts) else 0


def long_runs() -> list[list[Tests | str]]:
    """The simulator's long runs, in pieces of a quarter of an hour."""
    from tests.simulation.test_seeds import (  # the daily ones do without
        LONG_AT_ONCE,
        LONG_SEEDS,
    )

    firsts = range(1_001, 1_001 + LONG_SEEDS, LONG_AT_ONCE)
    pieces = [
        firsts[start : start + LONG_RUNS_AT_ONCE]
        for start in range(0, len(firsts), LONG_RUNS_AT_ONCE)
    ]
    return [
        [
            Tests(
                f"seeds from {piece[0]}",
                [f"{LONG_RUNS}[{first}]" for first in piece],
                LONG,
                gives_way=True,
            )
        ]
        for piece in pieces
    ]


def _name_of(work: Tests | str) -> str:
    return work.name if isinstance(work, Tests) else work


def run_lane(lane: list[Tests | str]) -> list[Part]:
    """One after the other; what each says is told whole when it ends."""
    parts = []
    for work in lane:
        part = run_pytest(work) if isinstance(work, Tests) else run_checks()
        with TELLING:
            announce(part.name)
            print(part.said, end="", flush=True)
        parts.append(part)
    return parts


def run_checks() -> Part:
    started = time.monotonic()
    with said_by(["tools/check.sh"], gives_way=True) as run:
        said, _ = run.communicate()
    part = Part(CHECK, time.monotonic() - started, run.returncode, said=said)
    part.counts["error"] = said.count(" FAILED, ") or int(run.returncode != 0)
    return part


@contextmanager
def said_by(
    command: list[str], environment: dict[str, str] | None = None, *, gives_way: bool
) -> Iterator[subprocess.Popen[str]]:
    """A running program whose words are read. One that gives way does so among the processes and
    as a session: Linux shares the processors out among sessions before their processes (sched(7),
    "The autogroup feature"), and the process of a call's media is one of its own.
    """
    with subprocess.Popen(
        ["nice", "-n", str(NICE), *command] if gives_way else command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=gives_way,
    ) as run:
        if not gives_way:
            yield run
            return
        APART_RUNNING.add(run.pid)
        with suppress(OSError):  # a kernel without it shares out among processes alone
            Path(f"/proc/{run.pid}/autogroup").write_text(str(NICE))
        try:
            yield run
        finally:
            APART_RUNNING.discard(run.pid)


def run_pytest(tests: Tests) -> Part:
    """Runs pytest and takes the counts from its closing line."""
    environment = dict(os.environ)
    command = [sys.executable, "-m", "pytest", "-q", "-m", tests.which, *tests.paths]
    if tests.is_whole:
        command = as_root_of_our_own(command) or command  # lines are cut in namespaces of our own
    else:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    started = time.monotonic()
    closing, said = "", []
    with said_by(command, environment, gives_way=tests.gives_way) as run:
        assert run.stdout is not None
        for line in run.stdout:
            said.append(line)
            if CLOSING_LINE.match(line.strip()):
                closing = line.strip()
    part = Part(tests.name, time.monotonic() - started, run.returncode)
    for number, word in COUNT.findall(closing.split(" in ")[0]):
        part.counts[SINGULAR.get(word, word)] += int(number)
    if part.exit_code and not (part.counts["failed"] or part.counts["error"]):
        # It ended without telling of a failure: killed, a fault of its own, or no tests at all.
        part.counts["error"] += 1
        if part.exit_code == NO_TESTS_COLLECTED:
            said.append(f"{tests.name}: no tests were found\n")
    part.said = "".join(said)
    return part


def announce(name: str) -> None:
    print(f"\n---- {name} ----", flush=True)


def tell(parts: list[Part], seconds: float) -> None:
    announce("times")
    for part in parts:
        print(f"{part.name:<16} {part.seconds:7.1f} s  {'FAILED' if part.exit_code else 'ok'}")
    total: Counter[str] = sum((part.counts for part in parts), Counter())
    counts = ", ".join(
        f"{total[word]} {'errors' if word == 'error' and total[word] > 1 else word}"
        for word in ORDER
        if total[word] and word != "deselected"
    )
    minutes = f" ({int(seconds) // 3600}:{int(seconds) // 60 % 60:02}:{int(seconds) % 60:02})"
    line = f" {counts or 'no tests ran'} in {seconds:.2f}s{minutes if seconds >= 60 else ''} "
    print(line.center(80, "="), flush=True)


if __name__ == "__main__":
    sys.exit(main())
