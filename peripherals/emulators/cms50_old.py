"""A simulated CMS50 of the first protocol: sixty frames a second, whatever it is told; no I/O.

Written from the published facts and sharing no code with the driver. The pulse wave is invented.
"""

import math
from dataclasses import dataclass

from peripherals.emulators.simulated import Emulator, Seen, Told

NO_FINGER, SEARCHING, NO_PROBE = "no-finger", "searching", "no-probe"
FRAME_S = 1 / 60
LAGS_S = 2.0
STRIKES_AFTER_S = 4.0  # it was found by then, and is not measured yet


@dataclass(frozen=True, slots=True)
class Shown:
    spo2: int
    pulse: int

    def __post_init__(self) -> None:
        if not 0 <= self.spo2 <= 100:
            raise ValueError("SpO2 is 0 to 100")
        if not 0 <= self.pulse <= 254:
            raise ValueError("a pulse is 0 to 254")


def shown_of(text: str) -> Shown:
    """`97/72`: SpO2 and pulse."""
    spo2, pulse = (int(part) for part in text.split("/"))
    return Shown(spo2, pulse)


class SimulatedCms50Old:
    def __init__(self, shown: Shown, seen: Seen) -> None:
        self.shown = shown
        self.fault = "none"
        self._seen = seen
        self._due = self._began = -1.0
        self._beat = 0.0

    def shows(self, result: str) -> None:
        self.shown = shown_of(result)

    def fails(self, fault: str) -> None:
        self.fault = fault

    def pressed(self, now: float) -> list[bytes]:
        """The finger goes out, or in again."""
        self.fault = "none" if self.fault == NO_FINGER else NO_FINGER
        return []

    def heard(self, data: bytes, now: float) -> list[bytes]:
        self._seen("unrecognised", data)
        return []

    def tick(self, now: float) -> list[bytes]:
        if self._began < 0 or now - self._due > LAGS_S:
            self._began = self._due = now
        sent: list[bytes] = []
        while self._due <= now:
            sent.append(self._frame())
            self._due += FRAME_S
        return sent

    def is_striking(self, now: float) -> bool:
        return self._began >= 0 and now - self._began >= STRIKES_AFTER_S

    def told(self, now: float) -> Told:
        return {
            "has_finger": self.fault != NO_FINGER,
            "spo2": self.shown.spo2,
            "pulse": self.shown.pulse,
        }

    def _frame(self) -> bytes:
        self._beat += max(self.shown.pulse, 1) / 60 * FRAME_S
        wave = round(50 + 40 * math.sin(2 * math.pi * self._beat))
        if self.fault in (NO_FINGER, NO_PROBE):
            third = 0x10 if self.fault == NO_PROBE else 0x00
            return bytes([0x90 if self.fault == NO_FINGER else 0x80, 0, third, 0, 0])
        if self.fault == SEARCHING:
            return bytes([0x83, wave, 0x20, 0, 0])
        third = wave // 8 % 16 + (0x40 if self.shown.pulse > 127 else 0)
        return bytes([0x86, wave, third, self.shown.pulse % 128, self.shown.spo2])


RESULT = "97/72"
EMULATOR = Emulator(
    lambda _, seen: SimulatedCms50Old(shown_of(RESULT), seen),
    RESULT,
    "SPO2/PULSE",
    (NO_FINGER, SEARCHING, NO_PROBE),
    b"\x80",
    split_gap_s=0.001,
)
