"""Says when the loop was held for more than 50 ms, so that whoever did it is found."""

import asyncio
import logging
import time

log = logging.getLogger(__name__)

STALL_S = 0.050
LOOK_EVERY_S = 0.1


class LoopWatch:
    """`run()` is a task of the program's owner; `worst_s` is the longest stall since the start."""

    def __init__(self, stall_s: float = STALL_S) -> None:
        self._stall_s = stall_s
        self.worst_s = 0.0
        self.stalls = 0

    async def run(self) -> None:
        while True:
            asked, worked_before = time.monotonic(), time.thread_time()
            await asyncio.sleep(LOOK_EVERY_S)
            late = time.monotonic() - asked - LOOK_EVERY_S
            self.worst_s = max(self.worst_s, late)
            if late > self._stall_s:
                self.stalls += 1
                # Far less work than the stall: it was not us, machine or disk were busy.
                worked = min(late, time.thread_time() - worked_before)
                log.info(
                    "loop held for %.0f ms, at work for %.0f ms of it", late * 1000, worked * 1000
                )
