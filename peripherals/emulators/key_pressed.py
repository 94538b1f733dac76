"""A simulated monitor that a person starts with its own key and that then pushes its result.

What the result looks like on the wire is each device's own; `press` on the control channel is the
person's finger. Commands are passed over: such a device takes none.
"""

from collections.abc import Callable
from datetime import datetime

from peripherals.emulators.simulated import Seen, Told
from peripherals.emulators.suntech import Shown, shown_of

ERROR = "error"
WallClock = Callable[[], datetime]
# The bytes of a result: what is shown, when, and the fault that was asked for ("none").
Record = Callable[[Shown, datetime, str], bytes]


def machine_time() -> datetime:
    return datetime.now().astimezone()


class SimulatedKeyPressed:
    """Fulfils Simulated. `faults`: the names it knows besides "none"; `error:N` takes one digit."""

    def __init__(
        self,
        record: Record,
        shown: Shown,
        cycle_s: float,
        seen: Seen,
        *,
        faults: tuple[str, ...] = (),
        wall_clock: WallClock = machine_time,
    ) -> None:
        self.shown = shown
        self.fault = "none"
        self._record = record
        self._cycle_s = cycle_s
        self._seen = seen
        self._faults = faults
        self.wall_clock = wall_clock
        self._began: float | None = None

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        name, _, number = fault.partition(":")
        if name == ERROR and not (len(number) == 1 and number.isdigit() and number != "0"):
            raise ValueError("an error is one digit, 1 to 9")
        if fault != "none" and name not in {known.partition(":")[0] for known in self._faults}:
            raise ValueError(f"it cannot fail with {name}")
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        if self._began is not None:
            raise ValueError("it is measuring")
        self._began = now
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._seen("unexpected", data)
        return []

    def tick(self, now: float) -> list[bytes]:
        if self._began is None or now - self._began < self._cycle_s:
            return []
        self._began = None
        return [self._record(self.shown, self.wall_clock(), self.fault)]

    def is_striking(self, now: float) -> bool:
        return self._began is not None and now - self._began >= self._cycle_s / 2

    def told(self, now: float) -> Told:
        return {"activity": "resting" if self._began is None else "measuring"}
