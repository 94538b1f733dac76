"""A simulated Omron HBP-9020 that prints mode 5 F3 when its key was pressed."""

from datetime import datetime

from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("bad-date",)
CARD = "88888888888888888888"


def line(shown: Shown, at: datetime, fault: str) -> bytes:
    """The mean stands before the diastolic value."""
    day = f"{at:%Y}/02/30" if fault == "bad-date" else f"{at:%Y/%m/%d}"
    values = (shown.systolic, shown.mean, shown.diastolic, shown.pulse)
    numbers = ",".join(f"{value:03}" for value in values)
    return f"bp,{CARD},{day},{at:%H:%M},{numbers},0\r\n".encode("ascii")


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedKeyPressed(line, shown_of(RESULT), cycle_s, seen, faults=FAULTS),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
)
