"""A simulated A&D TM-2655: commands and time in, answers out; no I/O.

Written from the published facts and sharing no code with the driver. It has a key of its own, and
it remembers its last result.
"""

from peripherals.emulators.key_pressed import WallClock, machine_time
from peripherals.emulators.simulated import Emulator, Seen, Told
from peripherals.emulators.suntech import Shown, shown_of

RESULT = "118/76/68"
HEAD = b"\x16\x16\x0100"
COMMAND_BYTES = 10
NAMES = {b"ST": "start", b"SP": "stop", b"RB": "read-result"}
FAULTS = ("error:N", "refuse")
REST_OF_COMMAND_S = 0.5


def check_of(checked: bytes) -> int:
    check = 0
    for byte in checked:
        check ^= byte
    return check


def block(shown: Shown, when: str, error: int) -> bytes:
    """A failed measurement carries no numbers."""
    pressures = {"S": shown.systolic, "M": shown.mean, "D": shown.diastolic, "P": shown.pulse}
    values = [tag + ("   " if error else f"{value:3}") for tag, value in pressures.items()]
    fields = ["TM2655", when, "RB", "M", f"E{error:02}", *values, "I17", "L139", ""]
    return HEAD + b"\x02" + "\x1e".join(fields).encode("ascii") + b"\x03"


class SimulatedTm2655:
    """Fulfils Simulated."""

    def __init__(
        self, shown: Shown, cycle_s: float, seen: Seen, wall_clock: WallClock = machine_time
    ) -> None:
        self.shown = shown
        self.error = 0
        self.refuses = False
        self._cycle_s = cycle_s
        self._seen = seen
        self.wall_clock = wall_clock
        self._began: float | None = None
        self._last = b""
        self._rest = b""
        self._rest_at = 0.0

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        name, _, number = fault.partition(":")
        error = int(number) if name == "error" else 0
        if not 0 <= error <= 99:
            raise ValueError("an error code is 1 to 99")
        self.error = error
        self.refuses = name == "refuse"

    def pressed(self, now: float) -> list[bytes]:
        if self._began is not None:
            raise ValueError("it is measuring")
        self._began = now
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        answers = self.tick(now)
        self._rest += data
        self._rest_at = now
        while self._rest:
            begins = self._rest.find(b"\x16\x16\x01")
            if begins < 0:
                self._rest = self._rest[-2:] if self._rest[-1:] == b"\x16" else b""
                break
            self._rest = self._rest[begins:]
            if len(self._rest) < COMMAND_BYTES:
                break
            command, self._rest = self._rest[:COMMAND_BYTES], self._rest[COMMAND_BYTES:]
            answers += self._obeyed(command, now)
        return answers

    def tick(self, now: float) -> list[bytes]:
        if self._rest and now - self._rest_at > REST_OF_COMMAND_S:
            self._rest = b""
        if self._began is None or now - self._began < self._cycle_s:
            return []
        self._began = None
        self._last = block(self.shown, f"{self.wall_clock():%y%m%d%H%M}", self.error)
        return [self._last]

    def is_striking(self, now: float) -> bool:
        return self._began is not None and now - self._began >= self._cycle_s / 2

    def told(self, now: float) -> Told:
        return {"activity": "resting" if self._began is None else "measuring"}

    def _obeyed(self, command: bytes, now: float) -> list[bytes]:
        letters = command[6:8]
        self._seen(NAMES.get(letters, "other"), command)
        if check_of(command[2:-1]) != command[-1] or command[5] != 0x02 or letters not in NAMES:
            return [self._answer(is_taken=False)]
        if letters == b"SP":
            self._began = None
            return [self._answer(is_taken=True)]
        if letters == b"RB":
            is_there = bool(self._last) and self._began is None
            return [self._answer(is_taken=is_there), *([self._last] if is_there else [])]
        if self.refuses or self._began is not None:
            return [self._answer(is_taken=False)]
        self._began = now
        return [self._answer(is_taken=True)]

    def _answer(self, *, is_taken: bool) -> bytes:
        return HEAD + (b"\x06" if is_taken else b"\x15")


EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedTm2655(shown_of(RESULT), cycle_s, seen),
    RESULT,
    "SYS/DIA/PULSE",
    faults=FAULTS,
    false_sync=b"\x02",
)
