"""A simulated Beurer BM85: like other Bluetooth monitors but for three things; over a pty."""

from datetime import datetime

from peripherals.emulators.ble_bp import FAULTS, NO_NUMBER, RESULT, clock_bytes, whole_number
from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.simulated import Emulator
from peripherals.emulators.suntech import Shown, shown_of


def indication(shown: Shown, at: datetime, fault: str) -> bytes:
    """Flags 56, no mean, the pulse with its high byte first, a user that no flag promises."""
    values = [shown.systolic, shown.diastolic, 0]
    if fault == "no-number":
        values = [NO_NUMBER, NO_NUMBER, 0]
    pressures = b"".join(whole_number(value) for value in values)
    user, status = b"\0", bytes([1 if fault == "moved" else 0, 0])
    pulse = shown.pulse.to_bytes(2, "big")
    return b"\x56" + pressures + clock_bytes(at, fault) + pulse + user + status


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedKeyPressed(
        indication, shown_of(RESULT), cycle_s, seen, faults=FAULTS
    ),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
)
