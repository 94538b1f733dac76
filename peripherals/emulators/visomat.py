"""A simulated Visomat Double Comfort: its key measures and sends the memories of both users."""

from peripherals.emulators.memory import UNSET_CLOCK, Memory, Remembered
from peripherals.emulators.simulated import Emulator, Seen, Told
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
FAULTS = ("empty", "bad-date", UNSET_CLOCK)


def record(remembered: Remembered, fault: str) -> str:
    shown, at = remembered.shown, remembered.at
    when = "0000000000" if at is None else f"{at:%y%m%d%H%M}"
    if fault == "bad-date":
        when = "2602301000"
    return f"{when}0{shown.systolic:03}{shown.diastolic:03}{shown.pulse:03}"


def part(user: int, records: list[Remembered], fault: str) -> str:
    """A digit stands for nothing where there is none."""
    told = "".join(record(one, fault) for one in records) or "1"
    return f"M{user}{len(records):02}{told}"


class SimulatedVisomat:
    """Fulfils Simulated."""

    def __init__(
        self, shown: Shown, cycle_s: float, seen: Seen, memory: Memory | None = None
    ) -> None:
        self.shown = shown
        self.fault = "none"
        self.memory = memory or Memory()
        self._cycle_s = cycle_s
        self._seen = seen
        self._began: float | None = None

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        self._began = now
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._seen("unexpected", data)
        return []

    def tick(self, now: float) -> list[bytes]:
        if self._began is None or now - self._began < self._cycle_s:
            return []
        self._began = None
        self.memory.keep(self.shown, self.fault)
        records = [] if self.fault == "empty" else self.memory.records
        text = part(1, records[:1], self.fault) + part(2, records[1:], self.fault)
        return [b"\x02" + text.encode("ascii") + b"\x03"]

    def is_striking(self, now: float) -> bool:
        return self._began is not None and now - self._began >= self._cycle_s / 2

    def told(self, now: float) -> Told:
        activity = "resting" if self._began is None else "measuring"
        return {"activity": activity, "records": len(self.memory.records)}


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedVisomat(shown_of(RESULT), cycle_s, seen),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
    false_sync=b"\x02M1",
)
