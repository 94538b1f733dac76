"""A simulated Bluetooth blood-pressure monitor: the bytes of its indications, over a pty.

Silence divides them there as the radio's packets do; a pty has no connection to lose.
"""

from datetime import datetime, timedelta

from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("no-number", "moved", "from-memory", "unset-clock")
NO_NUMBER = 0x07FF


def whole_number(value: int) -> bytes:
    """As SFLOAT with exponent 0."""
    return (value & 0x0FFF).to_bytes(2, "little")


def clock_bytes(at: datetime, fault: str) -> bytes:
    if fault == "unset-clock":
        return bytes(7)
    at -= timedelta(days=3) if fault == "from-memory" else timedelta()
    return at.year.to_bytes(2, "little") + bytes([at.month, at.day, at.hour, at.minute, at.second])


def indication(shown: Shown, at: datetime, fault: str) -> bytes:
    values = [shown.systolic, shown.diastolic, shown.mean]
    if fault == "no-number":
        values = [NO_NUMBER] * 3
    pressures = b"".join(whole_number(value) for value in values)
    status = bytes([1 if fault == "moved" else 0, 0])
    return b"\x16" + pressures + clock_bytes(at, fault) + whole_number(shown.pulse) + status


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedKeyPressed(
        indication, shown_of(RESULT), cycle_s, seen, faults=FAULTS
    ),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
)
