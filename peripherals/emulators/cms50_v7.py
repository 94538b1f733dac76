"""A simulated CMS50 of protocol 7: commands and time in, frames out; no I/O.

Written from the captured bytes and sharing no code with the driver. It streams for 30 s when asked,
and on for as long as it is kept alive. The pulse wave is invented.
"""

import math
from dataclasses import dataclass

from peripherals.emulators.simulated import Emulator, Seen, Told

REFUSE, NO_FINGER, SEARCHING = "refuse", "no-finger", "searching"
FRAME_S = 1 / 60
STREAM_S = 30.0
LAGS_S = 2.0
STRIKES_AFTER_S = 1.5
COMMAND_BYTES = 9
NAMES = {
    0xA1: "start",
    0xA2: "stop",
    0xA7: "stop-storage",
    0xAA: "identity",
    0xAC: "perfusion-index",
    0xAF: "keep-alive",
}
FREE = b"\x0c\x80"
IDENTITY = bytes.fromhex("0480f5f3e5f2a0a0a0")  # as captured: the word "user"
HAS_INDEX, NO_INDEX = b"\x0e\x80\x80", b"\x0e\x80\x81"


@dataclass(frozen=True, slots=True)
class Shown:
    spo2: int
    pulse: int
    index: int | None = None  # perfusion, in hundredths of a per cent; None: it has none

    def __post_init__(self) -> None:
        if not 0 <= self.spo2 <= 100:
            raise ValueError("SpO2 is 0 to 100")
        if not 0 <= self.pulse <= 254:
            raise ValueError("a pulse is 0 to 254")
        if self.index is not None and not 0 <= self.index <= 2000:
            raise ValueError("a perfusion index is 0 to 20 %")


def shown_of(text: str) -> Shown:
    """`97/72`: SpO2 and pulse; `97/72/4.5`: and the perfusion index."""
    spo2, pulse, *more = text.split("/")
    if len(more) > 1:
        raise ValueError("SpO2, pulse and perfusion index, no more")
    return Shown(int(spo2), int(pulse), round(float(more[0]) * 100) if more else None)


def framed(kind: int, values: list[int]) -> bytes:
    """The eighth bits of the values stand together in the byte after the type."""
    tops = sum((value >> 7) << place for place, value in enumerate(values))
    return bytes([kind, 0x80 | tops, *(0x80 | value & 0x7F for value in values)])


class SimulatedCms50V7:
    def __init__(self, shown: Shown, seen: Seen) -> None:
        self.shown = shown
        self.fault = "none"
        self._seen = seen
        self._rest = b""
        self._due = self._began = self._alive = -1.0
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
        self._rest += data
        answers: list[bytes] = []
        while len(self._rest) >= COMMAND_BYTES:
            if self._rest[:2] != b"\x7d\x81":
                self._rest = self._rest[1:]
                continue
            command, self._rest = self._rest[:COMMAND_BYTES], self._rest[COMMAND_BYTES:]
            self._seen(NAMES.get(command[2], "other"), command)
            if self.fault != REFUSE:
                answers += self._obeyed(command[2], now)
        return answers

    def tick(self, now: float) -> list[bytes]:
        if self._began < 0:
            return []
        if now - self._alive > STREAM_S:
            self._began = -1.0
            return []
        if now - self._due > LAGS_S:
            self._due = now
        sent: list[bytes] = []
        while self._due <= now:
            sent.append(self._frame())
            self._due += FRAME_S
        return sent

    def is_striking(self, now: float) -> bool:
        return self._began >= 0 and now - self._began >= STRIKES_AFTER_S

    def told(self, now: float) -> Told:
        return {
            "is_streaming": self._began >= 0,
            "has_finger": self.fault != NO_FINGER,
            "spo2": self.shown.spo2,
            "pulse": self.shown.pulse,
        }

    def _obeyed(self, order: int, now: float) -> list[bytes]:
        if order == 0xA1:
            self._began = self._due = self._alive = now
            return []
        if order == 0xAF:
            self._alive = now
            return []
        if order in (0xA2, 0xA7):
            self._began = -1.0
            return [FREE]
        has_index = NO_INDEX if self.shown.index is None else HAS_INDEX
        return {0xAA: [IDENTITY], 0xAC: [has_index]}.get(order, [])

    def _frame(self) -> bytes:
        self._beat += max(self.shown.pulse, 1) / 60 * FRAME_S
        wave = round(64 + 60 * math.sin(2 * math.pi * self._beat))
        if self.fault == NO_FINGER:  # as captured of one without a finger
            return framed(1, [0x84, 0x40, 0x10, 0x00, 0x00, 0xFF, 0xFF])
        if self.fault == SEARCHING:
            return framed(1, [0x03, 0x80 | wave, 0x10, 0xFF, 0x7F, 0xFF, 0xFF])
        index = self.shown.index
        low, high = (0xFF, 0xFF) if index is None else (index & 0xFF, index >> 8)
        bar = wave // 8 | (0x10 if index is None else 0)
        return framed(1, [0x05, wave, bar, self.shown.pulse, self.shown.spo2, low, high])


RESULT = "97/72"
EMULATOR = Emulator(
    lambda _, seen: SimulatedCms50V7(shown_of(RESULT), seen),
    RESULT,
    "SPO2/PULSE or SPO2/PULSE/PI",
    (NO_FINGER, SEARCHING, REFUSE),
    b"\x01\xe0",
    split_gap_s=0.001,
)
