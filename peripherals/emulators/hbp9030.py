"""A simulated Omron HBP-9030 that prints format 5 to its USB port when its key was pressed."""

from datetime import datetime

from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("error:N", "moved", "bad-date")
CARD = "NOBODY00000000000042"  # whoever is invented here has this one


def line(shown: Shown, at: datetime, fault: str) -> bytes:
    error = fault.partition(":")[2] or "0"
    day = "02,30" if fault == "bad-date" else f"{at:%m,%d}"
    values = ["   "] * 3
    if error == "0":
        values = [f"{value:03}" for value in (shown.systolic, shown.diastolic, shown.pulse)]
    moved = "2" if fault == "moved" else "0"
    fields = [f"{at:%Y}", day, f"{at:%H,%M}", CARD, error, *values, moved]
    return ",".join(fields).encode("ascii") + b"\r\n"


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedKeyPressed(line, shown_of(RESULT), cycle_s, seen, faults=FAULTS),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
)
