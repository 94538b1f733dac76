"""A whole test that failed while the machine stood still is held again: what failed then says
nothing of the program. On a machine that does not stand still one try decides. Told in the summary.
"""

import threading
import time

import pytest
from _pytest.runner import runtestprotocol

TRIES = 3
LOOK_S = 0.01
STOOD_STILL_S = 0.1  # a thread that wants to run waited so much longer than it asked for
TOLD: list[str] = []


class Standstills:
    """The longest wait for a processor between `with` and its end, in seconds."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._is_over = threading.Event()
        self._watch = threading.Thread(target=self._run, name="standstills")

    def __enter__(self) -> "Standstills":
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watch.join()

    def _run(self) -> None:
        before = time.monotonic()
        while not self._is_over.wait(LOOK_S):
            now = time.monotonic()
            self.longest_s = max(self.longest_s, now - before - LOOK_S)
            before = now


def protocol(item: pytest.Function, nextitem: pytest.Item | None) -> bool:
    """In the place of pytest's own: the reports of the last try count."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for number in range(1, TRIES + 1):
        with Standstills() as standstills:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        failed = [report for report in reports if report.failed]
        is_calm = standstills.longest_s < STOOD_STILL_S
        if not failed or is_calm or number == TRIES:
            break
        why = failed[0].longreprtext.strip().splitlines()[-1:]
        TOLD.append(
            f"{item.nodeid}, try {number}: failed at its {failed[0].when} while the machine stood "
            f"still {standstills.longest_s:.2f} s ({' '.join(why)})"
        )
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
