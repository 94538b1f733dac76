"""A simulated A&D scale: ten lines a second without end; no I/O.

Written from the published line format and sharing no code with the driver. `press` has a person
step on it, and off again; how a weight settles is invented.
"""

import math
from dataclasses import dataclass

from peripherals.emulators.simulated import Emulator, Seen, Told

OVERLOAD, MOVING, TARE, ONE_HEADER = "overload", "moving", "tare", "one-header"
LINE_S = 0.1
LAGS_S = 2.0
SETTLED_PART = 0.5  # of a cycle
UNITS = {"kg": "kg", "g": " g", "lb": "lb"}


@dataclass(frozen=True, slots=True)
class Shown:
    """The number as it stands on the display."""

    number: str
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError("a unit is kg, g or lb")
        if not (self.number.replace(".", "", 1).isdigit() and self.number.isascii()):
            raise ValueError("a weight is digits with or without a point")
        if len(self.number) > 7:
            raise ValueError("a weight has at most seven characters")


def shown_of(text: str) -> Shown:
    """`72.50 kg`."""
    number, unit = text.split()
    return Shown(number, unit)


def line(state: str, mode: str, number: str, unit: str) -> bytes:
    return f"{state},{mode},+{number:0>7}{UNITS[unit]}\r\n".encode()


class SimulatedScale:
    def __init__(self, shown: Shown, cycle_s: float, seen: Seen) -> None:
        self.shown = shown
        self.fault = "none"
        self._settles_s = cycle_s * SETTLED_PART
        self._seen = seen
        self._stepped_on = self._due = -1.0

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        self._stepped_on = now if self._stepped_on < 0 else -1.0
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._seen("unrecognised", data)
        return []

    def tick(self, now: float) -> list[bytes]:
        if self._due < 0 or now - self._due > LAGS_S:
            self._due = now
        sent: list[bytes] = []
        while self._due <= now:
            sent.append(self._line(now))
            self._due += LINE_S
        return sent

    def is_striking(self, now: float) -> bool:
        return self._stepped_on >= 0 and now - self._stepped_on >= self._settles_s / 2

    def told(self, now: float) -> Told:
        return {
            "is_loaded": self._stepped_on >= 0,
            "weight": f"{self.shown.number} {self.shown.unit}",
        }

    def _line(self, now: float) -> bytes:
        if self._stepped_on < 0:
            return self._worded("ST", f"{0:.{len(self.shown.number.partition('.')[2])}f}")
        if self.fault == OVERLOAD:
            return f"OL,GS,+       {UNITS[self.shown.unit]}\r\n".encode()
        passed = now - self._stepped_on
        if passed >= self._settles_s and self.fault != MOVING:
            return self._worded("ST", self.shown.number)
        swing = 1 + 0.05 * math.sin(9 * passed) * math.exp(-2 * passed / self._settles_s)
        whole, point, decimals = self.shown.number.partition(".")
        moving = f"{float(self.shown.number) * swing:.{len(decimals)}f}"
        return self._worded("US", moving if len(moving) <= 7 else whole + point + decimals)

    def _worded(self, state: str, number: str) -> bytes:
        if self.fault == ONE_HEADER:
            return f"{state},+{number:0>8}{UNITS[self.shown.unit]:>3}\r\n".encode()
        return line(state, "TR" if self.fault == TARE else "GS", number, self.shown.unit)


RESULT = "72.50 kg"
EMULATOR = Emulator(
    lambda cycle_s, seen: SimulatedScale(shown_of(RESULT), cycle_s, seen),
    RESULT,
    "NUMBER UNIT, unit kg, g or lb",
    (OVERLOAD, MOVING, TARE, ONE_HEADER),
    b"ST,",
)
