"""Bytes of the first CMS50 protocol to frames; no clock, no I/O.

19200 8O1, sixty frames of five bytes a second; bit 7 marks the first byte and no other. Facts:
published tests of atbrask/CMS50Dplus (tests/vectors/cms50_old.json). No checksum.
"""

from dataclasses import dataclass

from peripherals.drivers.fault import Why
from peripherals.drivers.shape import Shape, ShapeCodec
from peripherals.line_setting import LineSetting, Parity

DRIVER_VERSION = "cms50-old-1"
LINE = LineSetting(19_200, parity=Parity.ODD)

BEEP, FINGER_OUT = 0x40, 0x10
PULSE_BIT_7, SEARCHING, PROBE_ERROR = 0x40, 0x20, 0x10
MOST_PERCENT, NO_SPO2 = 100, {0, 0x7F}
NO_PULSE = {0, 0xFF}


@dataclass(frozen=True, slots=True)
class Sixtieth:
    raw: bytes

    @property
    def has_finger(self) -> bool:
        return not (self.raw[0] & FINGER_OUT or self.raw[2] & PROBE_ERROR)

    @property
    def is_searching(self) -> bool:
        return bool(self.raw[2] & SEARCHING)

    @property
    def has_beep(self) -> bool:
        return bool(self.raw[0] & BEEP)

    @property
    def strength(self) -> int:
        return self.raw[0] & 0x0F

    @property
    def pleth(self) -> int:
        return self.raw[1]

    @property
    def bar(self) -> int:
        return self.raw[2] & 0x0F

    @property
    def pulse_per_minute(self) -> int | None:
        value = self.raw[3] | (self.raw[2] & PULSE_BIT_7) << 1
        return None if value in NO_PULSE else value

    @property
    def spo2_percent(self) -> int | None:
        return None if self.raw[4] in NO_SPO2 else self.raw[4]


_SHAPE = Shape([rb"[\x80-\xff]", *[rb"[\x00-\x7f]"] * 4])


def _read(raw: bytes) -> Sixtieth | Why:
    return Why.BAD_FIELD if MOST_PERCENT < raw[4] < 0x7F else Sixtieth(raw)


def cms50_old_codec() -> ShapeCodec[Sixtieth]:
    return ShapeCodec(_SHAPE, _read)
