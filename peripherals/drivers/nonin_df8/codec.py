"""Bytes of Nonin's data format 8 to seconds; no clock, no I/O.

9600 8N1, once a second four bytes without a checksum: status, pulse, SpO2, second status. Facts:
Nonin 9560 OEM specification p. 16 (tests/vectors/nonin_df8.json, built from its layout).
"""

from dataclasses import dataclass

from peripherals.drivers.fault import Why
from peripherals.drivers.nonin.packets import NO_PULSE, NO_SPO2
from peripherals.drivers.nonin.words import ANSWER_BYTES, ANSWER_SHAPE, Answer
from peripherals.drivers.shape import Shape, ShapeCodec

DRIVER_VERSION = "nonin-df8-1"
FORMAT = 8

RESERVED, OUT_OF_TRACK, LOW_PERFUSION, MARGINAL_PERFUSION, ARTEFACT = 0x40, 0x20, 0x10, 0x08, 0x04
SMART_POINT, ALARM, LOW_BATTERY = 0x20, 0x08, 0x01
SECOND_RESERVED = 0xFF ^ (SMART_POINT | ALARM | LOW_BATTERY)
MOST_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Second:
    raw: bytes

    @property
    def pulse_per_minute(self) -> int | None:
        value = (self.raw[0] & 3) << 7 | self.raw[1]
        return None if value == NO_PULSE else value

    @property
    def spo2_percent(self) -> int | None:
        return None if self.raw[2] == NO_SPO2 else self.raw[2]

    @property
    def has_finger(self) -> bool:
        return not self.raw[3] & ALARM

    @property
    def is_out_of_track(self) -> bool:
        return bool(self.raw[0] & OUT_OF_TRACK)

    @property
    def is_artefact(self) -> bool:
        return bool(self.raw[0] & ARTEFACT)

    @property
    def is_low_perfusion(self) -> bool:
        return bool(self.raw[0] & LOW_PERFUSION)

    @property
    def is_smart_point(self) -> bool:
        return bool(self.raw[3] & SMART_POINT)

    @property
    def is_low_battery(self) -> bool:
        return bool(self.raw[3] & LOW_BATTERY)


_SHAPE = Shape([rb"[\x80-\xff]", rb"[\x00-\x7f]", rb"[\x00-\x7f]", rb"[\x00-\x7f]"], ANSWER_SHAPE)


def _read(raw: bytes) -> Second | Answer | Why:
    if len(raw) == ANSWER_BYTES:
        return Answer(raw)
    if raw[0] & RESERVED or raw[3] & SECOND_RESERVED:
        return Why.BAD_FIELD
    if MOST_PERCENT < raw[2] < NO_SPO2:
        return Why.BAD_FIELD
    return Second(raw)


def df8_codec() -> ShapeCodec[Second | Answer]:
    return ShapeCodec(_SHAPE, _read)
