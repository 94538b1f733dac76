"""A simulated Microlife monitor: its M-protocol frames, over a pty instead of USB or Bluetooth."""

from peripherals.emulators.memory import UNSET_CLOCK, Memory, Remembered
from peripherals.emulators.simulated import Emulator, Seen, Told
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("refuse", "bad-sum", "bad-date", "loose-cuff", UNSET_CLOCK)
FETCH_ALL = bytes.fromhex("4dff000900000000000000fd52")
UNKNOWN = b"\x81"
BEFORE_RECORDS = 33


def frame(payload: bytes) -> bytes:
    begun = b"\x4d\x3a" + (len(payload) + 1).to_bytes(2, "big") + payload
    return begun + bytes([sum(begun) % 0x100])


def record(remembered: Remembered, fault: str) -> bytes:
    shown, at = remembered.shown, remembered.at
    date = bytes([17, 0, 0, 0, 0])
    if at is not None:
        date = bytes([at.year - 2000, at.month, at.day, at.hour, at.minute])
    if fault == "bad-date":
        date = bytes([26, 2, 30, 10, 0])
    flags = 0x00 if fault == "loose-cuff" else 0x80
    return bytes([shown.systolic, shown.diastolic, shown.pulse]) + date + bytes([flags, 0])


class SimulatedMicrolife:
    """Fulfils Simulated."""

    def __init__(self, shown: Shown, seen: Seen, memory: Memory | None = None) -> None:
        self.shown = shown
        self.fault = "none"
        self.memory = memory or Memory()
        self._seen = seen
        self._rest = b""
        self._was_asked = False

    def shows(self, result: str) -> None:
        shown = shown_of(result)
        if max(shown.systolic, shown.diastolic) > 0xFF:
            raise ValueError("this device remembers pressures of 0 to 255")
        self.shown = shown

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        self.memory.keep(self.shown, self.fault)
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        answers = []
        self._rest += data
        while (begins := self._rest.find(b"\x4d\xff")) >= 0:
            self._rest = self._rest[begins:]
            length = 4 + int.from_bytes(self._rest[2:4], "big")
            if len(self._rest) < 4 or len(self._rest) < length:
                break
            command, self._rest = self._rest[:length], self._rest[length:]
            answers.append(self._obeyed(command))
        return answers

    def tick(self, now: float) -> list[bytes]:
        return []

    def is_striking(self, now: float) -> bool:
        """It answers at once: there is a middle only between being asked and the next question."""
        return self._was_asked

    def told(self, now: float) -> Told:
        return {"activity": "resting", "records": len(self.memory.records)}

    def _obeyed(self, command: bytes) -> bytes:
        is_fetch = command == FETCH_ALL
        self._seen("fetch" if is_fetch else "other", command)
        if not is_fetch or self.fault == "refuse":
            return frame(UNKNOWN)
        self._was_asked = True
        records = self.memory.records
        head = bytes([0, 0, 0, len(records), 1]) + bytes(BEFORE_RECORDS)
        told = frame(head + b"".join(record(one, self.fault) for one in records))
        return told[:-1] + bytes([told[-1] ^ 0xFF]) if self.fault == "bad-sum" else told


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedMicrolife(shown_of(RESULT), seen),
    RESULT,
    "SYS/DIA/PULSE, stored by `press`",
    faults=FAULTS,
    false_sync=b"\x4d\x3a",
)
