"""The wall clocks of the machines: each may be wrong, and jump; the loop's time only goes on."""

import asyncio
from datetime import datetime, timedelta

from tests.fakes.time_loop import MORNING


class JumpingClock:
    """A machine's clock in the simulation."""

    def __init__(self) -> None:
        self.wrong_by = timedelta()

    def now(self) -> datetime:
        return MORNING + timedelta(seconds=self.monotonic()) + self.wrong_by

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
