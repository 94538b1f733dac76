"""Freeze: is the saved still the camera's own picture, and how long after the click is it saved."""

import json
import subprocess
import sys
from collections.abc import Iterator
from subprocess import PIPE

from bench.devices.amount import Amount
from bench.devices.still_goals import EQUAL, EQUAL_GOAL, FROM_AFAR, HERE, SAVED_GOAL
from bench.rows import Row, not_measured

LIMIT_S = 900.0
EXPECTED = ((EQUAL, "%", EQUAL_GOAL), (HERE, "ms", SAVED_GOAL), (FROM_AFAR, "ms", SAVED_GOAL))


def rows(amount: Amount) -> Iterator[Row]:
    command = [sys.executable, "-m", "bench.devices.stills_visit"]
    command += ["--quick"] if amount.is_quick else []
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            told, complaint = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.terminate()  # it ends everything that it has started
            told, complaint = process.communicate()
    if process.returncode == 0:
        yield from (Row(**row) for row in json.loads(told.splitlines()[-1]))
        return
    reason = (complaint.strip().splitlines() or ["ended without a word"])[-1]
    yield from (not_measured(*expected, reason=reason) for expected in EXPECTED)
