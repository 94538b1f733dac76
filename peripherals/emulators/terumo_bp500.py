"""A simulated Terumo BP-500 that sends a block when its key was pressed."""

from datetime import datetime

from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("bad-date",)
CARD = "777777777"


def block(shown: Shown, at: datetime, fault: str) -> bytes:
    """The check byte is made as XOR, which nobody has confirmed."""
    day = f"{at:%y}0230" if fault == "bad-date" else f"{at:%y%m%d}"
    values = (shown.systolic, shown.mean, shown.diastolic, shown.pulse)
    numbers = ",".join(f"{value:03}" for value in values)
    text = f"R1,{CARD},{day},{at:%H%M%S},{numbers},0000,0000,00000,000\x03".encode("ascii")
    check = 0
    for byte in text:
        check ^= byte
    return b"\x02" + text + bytes([check])


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedKeyPressed(
        block, shown_of(RESULT), cycle_s, seen, faults=FAULTS
    ),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
    false_sync=b"\x02",
)
