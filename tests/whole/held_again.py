"""A call that is held once more when the machine stood still during it: what failed then says
nothing of the call. On a machine that does not, one try decides.
"""

import threading
import time
from collections.abc import Awaitable, Callable

from demo.waiting import NotSo

TRIES = 3
LOOK_S = 0.01
STOOD_STILL_S = 0.1  # a thread that wants to run waited so much longer than it asked for
FAILURES = (AssertionError, NotSo, TimeoutError)


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


async def held(once: Callable[[int], Awaitable[None]]) -> None:
    """`once` is told which try it is; its failure is raised unless the machine stood still."""
    for number in range(1, TRIES + 1):
        with Standstills() as standstills:
            try:
                await once(number)
                return
            except FAILURES as failure:
                failed = failure
        print(f"try {number}: {failed!r}; the machine stood still {standstills.longest_s:.2f} s")
        if number == TRIES or standstills.longest_s < STOOD_STILL_S:
            raise failed
