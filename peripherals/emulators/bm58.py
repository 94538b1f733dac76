"""A simulated Beurer BM58 that tells its records one by one; its key measures another one."""

from peripherals.emulators.memory import UNSET_CLOCK, Memory, Remembered
from peripherals.emulators.simulated import Emulator, Seen, Told
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("refuse", "bad-date", UNSET_CLOCK)
NAME = b"Andon Blood Pressure Meter KD001"
NAMES = {0xAA: "ping", 0xA4: "name", 0xA2: "count", 0xA3: "record"}


def record(remembered: Remembered, fault: str) -> bytes:
    shown, at = remembered.shown, remembered.at
    date = bytes(5)
    if at is not None:
        date = bytes([at.month, at.day, at.hour, at.minute, at.year - 2000])
    if fault == "bad-date":
        date = bytes([2, 30, 10, 0, 26])
    return bytes([0xAC, shown.systolic - 25, shown.diastolic - 25, shown.pulse]) + date


class SimulatedBm58:
    """Fulfils Simulated."""

    def __init__(self, shown: Shown, seen: Seen, memory: Memory | None = None) -> None:
        self.shown = shown
        self.fault = "none"
        self.memory = memory or Memory()
        self._seen = seen
        self._awaits_number = False
        self._is_telling = False

    def shows(self, result: str) -> None:
        shown = shown_of(result)
        if not (25 <= shown.diastolic <= 280 and 25 <= shown.systolic <= 280):
            raise ValueError("this device remembers pressures of 25 to 280")
        self.shown = shown

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        self.memory.keep(self.shown, self.fault)
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        return [answer for byte in data for answer in self._obeyed(byte)]

    def tick(self, now: float) -> list[bytes]:
        return []

    def is_striking(self, now: float) -> bool:
        return self._is_telling

    def told(self, now: float) -> Told:
        return {"activity": "resting", "records": len(self.memory.records)}

    def _obeyed(self, byte: int) -> list[bytes]:
        if self._awaits_number:
            self._awaits_number = False
            return self._record(byte)
        self._seen(NAMES.get(byte, "other"), bytes([byte]))
        self._awaits_number = byte == 0xA3
        self._is_telling = byte in (0xA2, 0xA3)
        answers = {0xAA: b"\x55", 0xA4: NAME, 0xA2: bytes([len(self.memory.records)])}
        return [answers[byte]] if byte in answers else []

    def _record(self, number: int) -> list[bytes]:
        records = self.memory.records
        if self.fault == "refuse" or not 1 <= number <= len(records):
            return []
        self._is_telling = number < len(records)
        return [record(records[number - 1], self.fault)]


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedBm58(shown_of(RESULT), seen),
    RESULT,
    "SYS/DIA/PULSE, stored by `press`",
    faults=FAULTS,
)
