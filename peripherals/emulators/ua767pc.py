"""A simulated A&D UA-767PC: its port is opened by the host, its key by a person."""

from datetime import datetime

from peripherals.emulators.key_pressed import SimulatedKeyPressed
from peripherals.emulators.simulated import Emulator, Seen
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("error:N", "refuse")
OPEN, CLOSE = b"\x02CPC05\x3b", b"\x02CPC04\x3a"
NAMES = {OPEN: "open", CLOSE: "close"}
COMMAND_BYTES = 7


def reading(shown: Shown, _: datetime, fault: str) -> bytes:
    if fault.startswith("error"):
        return b"8100000000"
    pulse_pressure = shown.systolic - shown.diastolic
    return f"80{pulse_pressure:02X}{shown.diastolic:02X}{shown.pulse:02X}60".encode("ascii")


class SimulatedUa767Pc(SimulatedKeyPressed):
    """It pushes nothing before its port was opened."""

    def __init__(self, shown: Shown, cycle_s: float, seen: Seen) -> None:
        super().__init__(reading, shown, cycle_s, seen, faults=FAULTS)
        self._rest = b""
        self._is_open = False

    def heard(self, data: bytes, now: float) -> list[bytes]:
        answers = []
        self._rest += data
        while len(self._rest) >= COMMAND_BYTES:
            command, self._rest = self._rest[:COMMAND_BYTES], self._rest[COMMAND_BYTES:]
            self._seen(NAMES.get(command, "other"), command)
            is_taken = command in NAMES and self.fault != "refuse"
            if is_taken:
                self._is_open = command == OPEN
            answers.append(b"\x0170PC" + (b"\x06" if is_taken else b"\x15"))
        return answers

    def tick(self, now: float) -> list[bytes]:
        said = super().tick(now)
        return said if self._is_open else []


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedUa767Pc(shown_of(RESULT), cycle_s, seen),
    RESULT,
    "SYS/DIA/PULSE, at most 255 apart",
    faults=FAULTS,
    false_sync=b"\x01",
)
