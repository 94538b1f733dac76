"""What a simulated monitor with a memory remembers: a few records from before, and each new one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from peripherals.emulators.key_pressed import WallClock, machine_time
from peripherals.emulators.suntech import Shown

MOST = 60
UNSET_CLOCK = "unset-clock"  # a fault: records without a date


@dataclass(frozen=True, slots=True)
class Remembered:
    shown: Shown
    at: datetime | None  # None: the clock was never set


class Memory:
    def __init__(self, wall_clock: WallClock = machine_time) -> None:
        self.wall_clock = wall_clock
        yesterday = wall_clock() - timedelta(days=1)
        self.records = [
            Remembered(Shown(131, 84, 66), None),
            Remembered(Shown(142, 91, 74), yesterday),
        ]

    def keep(self, shown: Shown, fault: str) -> None:
        at = None if fault == UNSET_CLOCK else self.wall_clock()
        self.records = [*self.records, Remembered(shown, at)][-MOST:]
