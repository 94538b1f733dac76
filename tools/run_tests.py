"""Runs all checks and tests, tells the time of each part, and ends with one line for all of them.

The parts are told apart by what they need: the checks read the code, the fast tests need no
window, the whole tests start real programs and bring their own display, bus and sound server.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from demo.network import as_root_of_our_own

ROOT = Path(__file__).resolve().parent.parent
WHOLE = "tests/whole"
DATA = ["tests/server", "tests/contract", "tests/store", "tests/story"]
DAILY = "not long and not hardware"
# pytest's closing line: "==== 3 passed, 1 skipped in 0.12s ====", or without the rule under -q.
CLOSING_LINE = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s(?: \([\d:]+\))? ?=*$")
COUNT = re.compile(r"(\d+) ([a-z]+)")
ORDER = ["failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error"]
SINGULAR = {"errors": "error", "warning": "warnings"}
NO_TESTS_COLLECTED = 5


@dataclass
class Part:
    """What one part came to."""

    name: str
    seconds: float
    exit_code: int
    counts: Counter[str] = field(default_factory=Counter)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="only the longer loops")
    wants_long = parser.parse_args().long
    os.chdir(ROOT)
    started = time.monotonic()
    parts = long_parts() if wants_long else daily_parts()
    tell(parts, time.monotonic() - started)
    return 1 if any(part.exit_code for part in parts) else 0


def daily_parts() -> list[Part]:
    """Two halves of the fast tests share the two cores; the checks wait for the second one."""
    checks_started = time.monotonic()
    checks = subprocess.Popen(
        ["tools/check.sh"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with ThreadPoolExecutor(2) as pool:
        data = pool.submit(run_pytest, "data tests", DAILY, DATA, is_quiet=True)
        others = ["tests", f"--ignore={WHOLE}", *(f"--ignore={folder}" for folder in DATA)]
        fast = run_pytest("fast tests", DAILY, others)
    announce("data tests")
    data_part, said_by_data = data.result()
    print(said_by_data, end="", flush=True)
    said, _ = checks.communicate()
    checked = Part("check", time.monotonic() - checks_started, checks.returncode)
    announce(checked.name)
    print(said, end="", flush=True)
    checked.counts["error"] = said.count(" FAILED, ") or int(checks.returncode != 0)
    whole, _ = run_pytest("whole", DAILY, [WHOLE])
    return [checked, fast[0], data_part, whole]


def long_parts() -> list[Part]:
    return [run_pytest("long", "long and not hardware", ["tests"])[0]]


def run_pytest(
    name: str, which: str, arguments: list[str], *, is_quiet: bool = False
) -> tuple[Part, str]:
    """Runs pytest and takes the counts from its closing line; -> what it came to, what it said.

    What it says is passed on at once unless `is_quiet`.
    """
    if not is_quiet:
        announce(name)
    environment = dict(os.environ)
    command = [sys.executable, "-m", "pytest", "-q", "-m", which, *arguments]
    if name in ("fast tests", "data tests"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    else:
        command = as_root_of_our_own(command) or command  # lines are cut in namespaces of our own
    started = time.monotonic()
    closing, said = "", []
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            said.append(line)
            if not is_quiet:
                print(line, end="", flush=True)
            if CLOSING_LINE.match(line.strip()):
                closing = line.strip()
    part = Part(name, time.monotonic() - started, run.returncode)
    for number, word in COUNT.findall(closing.split(" in ")[0]):
        part.counts[SINGULAR.get(word, word)] += int(number)
    if part.exit_code and not (part.counts["failed"] or part.counts["error"]):
        # It ended without telling of a failure: killed, a fault of its own, or no tests at all.
        part.counts["error"] += 1
        if part.exit_code == NO_TESTS_COLLECTED:
            said.append(f"{name}: no tests were found\n")
    return part, "".join(said)


def announce(name: str) -> None:
    print(f"\n---- {name} ----", flush=True)


def tell(parts: list[Part], seconds: float) -> None:
    announce("times")
    for part in parts:
        print(f"{part.name:<12} {part.seconds:7.1f} s  {'FAILED' if part.exit_code else 'ok'}")
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
