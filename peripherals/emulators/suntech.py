"""A simulated SunTech-family cuff: commands and time in, answers out; no I/O.

Written from the published facts and sharing no code with the driver, so that a fault of the one is
not hidden by the same fault in the other. Shape and speed of the pressure curve are invented.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from peripherals.emulators.simulated import Emulator, Seen, Told

COMMAND_BYTES = {0x04: 4, 0x0C: 6, 0x17: 5, 0x20: 3, 0x28: 3, 0x79: 5, 0x87: 3, 0x8A: 3}
STARTS = {b"\x20": "start-adult", b"\x28": "start-neonate", b"\x87": "start-paediatric"}
ABORT, READ_RESULT, READ_PRESSURE = b"\x79\x01\x00", b"\x79\x03\x00", b"\x79\x05\x00"
NAMES = STARTS | {ABORT: "abort", READ_RESULT: "read-result", READ_PRESSURE: "cuff-pressure"}

INFLATED = 0.35  # parts of a cycle: inflating until here, bleeding until there, then dumping
BLED = 0.92
LEAK_MMHG = 18  # a loose cuff never gets above this
LEAK_CODE = 87
HIGHEST_MMHG = 300  # a result may be told to be absurd, the cuff still behaves
DUMP_MMHG_PER_S = 600.0
REST_OF_COMMAND_S = 0.5  # a command that stops half-way is given up

STALL_MMHG = 60  # `stall` and `unplug` strike when the cuff is well inflated
REFUSE, ERROR = "refuse", "error"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the next measurement comes to."""

    systolic: int
    diastolic: int
    pulse: int

    def __post_init__(self) -> None:
        if not (0 <= self.diastolic <= 0xFFFF and 0 <= self.systolic <= 0xFFFF):
            raise ValueError("pressures are 0 to 65535")
        if not 0 <= self.pulse <= 0xFF:
            raise ValueError("a pulse is 0 to 255")

    @property
    def mean(self) -> int:
        return round((self.systolic + 2 * self.diastolic) / 3)


def shown_of(text: str) -> Shown:
    """`128/76/71`: systolic, diastolic, pulse."""
    systolic, diastolic, pulse = (int(part) for part in text.split("/"))
    return Shown(systolic, diastolic, pulse)


class Activity(StrEnum):
    RESTING = "resting"
    MEASURING = "measuring"
    DUMPING = "dumping"


def module_frame(data: bytes) -> bytes:
    frame = bytes([0x3E, len(data) + 3]) + data
    return frame + bytes([(0x100 - sum(frame) % 0x100) % 0x100])


def result_frame(shown: Shown, beats: int, error: int) -> bytes:
    """Test codes and spare bytes stay 0; a failed measurement carries no numbers."""
    data = bytearray(21)
    if not error:
        data[0:2] = shown.systolic.to_bytes(2, "little")
        data[2:4] = shown.diastolic.to_bytes(2, "little")
        data[4] = beats
        data[5] = 1
        data[14] = shown.pulse
        data[16:18] = shown.mean.to_bytes(2, "little")
    data[18] = error
    return module_frame(bytes(data))


class SimulatedSunTech:
    """`shows` and `error` may be changed at any time; they count from the next end of a cycle."""

    def __init__(self, shown: Shown, cycle_s: float, seen: Seen) -> None:
        self.shown = shown
        self.error = 0
        self.refuses = False
        self.activity = Activity.RESTING
        self._cycle_s = cycle_s
        self._seen = seen
        self._started = 0.0
        self._dumped_from = 0.0
        self._result = result_frame(Shown(0, 0, 0), 0, 0)
        self._rest = bytearray()
        self._rest_at = 0.0

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        name, _, number = fault.partition(":")
        error = int(number) if name == ERROR else 0
        if not 0 <= error <= 0xFF:
            raise ValueError("an error code is 0 to 255")
        self.error = error
        self.refuses = name == REFUSE

    def pressed(self, now: float) -> list[bytes]:
        raise ValueError("this module has no key: the host starts it")

    def is_striking(self, now: float) -> bool:
        return self.pressure(now) >= STALL_MMHG

    def told(self, now: float) -> Told:
        return {"activity": str(self.activity), "cuff_mmhg": self.pressure(now)}

    def heard(self, data: bytes, now: float) -> list[bytes]:
        """Whole commands are obeyed one after the other."""
        answers = self.tick(now)
        self._rest += data
        self._rest_at = now
        while self._rest:
            if self._rest[0] != 0x3A:
                del self._rest[0]
                continue
            if len(self._rest) < 2:
                break
            length = COMMAND_BYTES.get(self._rest[1], 0)
            if not length:
                self._seen("unrecognised", bytes(self._rest))
                self._rest.clear()
                answers.append(module_frame(b"D"))
                break
            if len(self._rest) < length:
                break
            command = bytes(self._rest[:length])
            del self._rest[:length]
            answers.append(self._obeyed(command, now))
        return answers

    def tick(self, now: float) -> list[bytes]:
        """What the module says by itself as time goes on."""
        if self._rest and now - self._rest_at > REST_OF_COMMAND_S:
            self._rest.clear()
            return [module_frame(b"T")]
        if self.activity is Activity.MEASURING and now - self._started >= self._length_s():
            self._result = result_frame(self.shown, self._beats(), self.error)
            self.activity = Activity.RESTING
            return [module_frame(b"K")]
        if self.activity is Activity.DUMPING and self.pressure(now) <= 0:
            self.activity = Activity.RESTING
        return []

    def pressure(self, now: float) -> int:
        passed = now - self._started
        if self.activity is Activity.DUMPING:
            return max(0, round(self._dumped_from - passed * DUMP_MMHG_PER_S))
        if self.activity is Activity.RESTING:
            return 0
        part = passed / self._cycle_s
        top = min(HIGHEST_MMHG, self.shown.systolic + 35)
        bottom = min(top, max(0, self.shown.diastolic - 15))
        if self.error == LEAK_CODE:
            return round(min(LEAK_MMHG, LEAK_MMHG * part * 4))
        if part < INFLATED:
            return round(top * part / INFLATED)
        if part < BLED:
            bled = top - (top - bottom) * (part - INFLATED) / (BLED - INFLATED)
            return round(bled + math.sin(2 * math.pi * self.shown.pulse / 60 * passed))
        return max(0, round(bottom * (1 - (part - BLED) / (1 - BLED))))

    def _obeyed(self, command: bytes, now: float) -> bytes:
        body = command[1:-1]
        self._seen(NAMES.get(body, "other"), command)
        if sum(command) % 0x100:
            return module_frame(b"N")
        if body == ABORT:
            self._dump(now)
            return module_frame(b"A")
        if body == READ_PRESSURE:
            return module_frame(self.pressure(now).to_bytes(2, "little", signed=True))
        if body in STARTS:
            return module_frame(self._start(now))
        if body == READ_RESULT:
            is_busy = self.activity is Activity.MEASURING
            return module_frame(b"B") if is_busy else self._result
        return module_frame(b"O")

    def _start(self, now: float) -> bytes:
        if self.refuses:
            return b"N"
        if self.activity is not Activity.RESTING:
            return b"B"
        self.activity = Activity.MEASURING
        self._started = now
        return b"O"

    def _dump(self, now: float) -> None:
        if self.activity is Activity.MEASURING:
            self._dumped_from = float(self.pressure(now))
            self.activity = Activity.DUMPING
            self._started = now

    def _length_s(self) -> float:
        return self._cycle_s / 3 if self.error == LEAK_CODE else self._cycle_s

    def _beats(self) -> int:
        return min(0xFF, round(self.shown.pulse / 60 * self._cycle_s * (BLED - INFLATED)))


RESULT = "118/76/68"
EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedSunTech(shown_of(RESULT), cycle_s, seen),
    RESULT,
    "SYS/DIA/PULSE",
    faults=(REFUSE, f"{ERROR}:N"),
    false_sync=b"\x3e",
)
