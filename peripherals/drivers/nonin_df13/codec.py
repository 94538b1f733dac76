"""Bytes of Nonin's data format 13 to spot-check readings; no clock, no I/O.

`00 02 00 0d length`, time in decimal digits, status, pulse, SpO2, sum of the payload, `03`. Facts:
Nonin 9560 OEM specification p. 6 (tests/vectors/nonin_df13.json, built from its layout).
"""

from dataclasses import dataclass
from datetime import datetime

from peripherals.drivers.fault import Why
from peripherals.drivers.nonin.packets import NO_PULSE, NO_SPO2
from peripherals.drivers.nonin.words import ANSWER_BYTES, ANSWER_SHAPE, Answer
from peripherals.drivers.shape import ANY, Shape, ShapeCodec
from peripherals.drivers.wall_clock import wall_clock

DRIVER_VERSION = "nonin-df13-1"
FORMAT = 13

HEADER = (rb"\x00", rb"\x02", rb"\x00", rb"\x0d", ANY, ANY)
HEADER_BYTES = len(HEADER)
PAYLOAD_LEAST, PAYLOAD_MOST = 14, 64  # the document lets later devices add to it
END = 0x03
SMART_POINT, NO_MEASUREMENT, FROM_MEMORY, LOW_BATTERY = 0x0200, 0x0100, 0x0010, 0x0001
RESERVED = 0xFFFF ^ (SMART_POINT | NO_MEASUREMENT | FROM_MEMORY | LOW_BATTERY)
TIME_BYTES = 8  # century, year, month, day, hour, minute, second, hundredths
MOST_PERCENT, MOST_PULSE = 100, 511


@dataclass(frozen=True, slots=True)
class SpotCheck:
    raw: bytes

    @property
    def status(self) -> int:
        return int.from_bytes(self.raw[14:16], "big")

    @property
    def wall_clock(self) -> datetime | None:
        """As the device's clock stood; None when that is no time, as before it was ever set."""
        century, year, *rest = (_decimal(byte) for byte in self.raw[6:13])
        return wall_clock(100 * century + year, *rest)

    @property
    def pulse_per_minute(self) -> int | None:
        value = int.from_bytes(self.raw[16:18], "big")
        return None if value == NO_PULSE else value

    @property
    def spo2_percent(self) -> int | None:
        return None if self.raw[19] == NO_SPO2 else self.raw[19]

    @property
    def is_smart_point(self) -> bool:
        return bool(self.status & SMART_POINT)

    @property
    def is_without_result(self) -> bool:
        return bool(self.status & NO_MEASUREMENT)

    @property
    def is_from_memory(self) -> bool:
        return bool(self.status & FROM_MEMORY)

    @property
    def is_low_battery(self) -> bool:
        return bool(self.status & LOW_BATTERY)


def _decimal(byte: int) -> int:
    return 10 * (byte >> 4) + (byte & 15)


def _length_of(beginning: bytes) -> int:
    if len(beginning) == ANSWER_BYTES:
        return ANSWER_BYTES
    payload = int.from_bytes(beginning[4:6], "big")
    fits = PAYLOAD_LEAST <= payload <= PAYLOAD_MOST
    return HEADER_BYTES + payload + 2 if fits else 0


def _read(raw: bytes) -> SpotCheck | Answer | Why:
    if len(raw) == ANSWER_BYTES:
        return Answer(raw)
    if raw[-1] != END:
        return Why.BAD_FIELD
    if sum(raw[HEADER_BYTES:-2]) & 0xFF != raw[-2]:
        return Why.BAD_CHECKSUM
    found = SpotCheck(raw)
    are_digits = all(byte >> 4 < 10 and byte & 15 < 10 for byte in raw[6 : 6 + TIME_BYTES])
    pulse, spo2 = int.from_bytes(raw[16:18], "big"), raw[19]
    can_be = pulse <= MOST_PULSE and (spo2 <= MOST_PERCENT or spo2 == NO_SPO2)
    if not are_digits or found.status & RESERVED or raw[18] or not can_be:
        return Why.BAD_FIELD
    return found


def df13_codec() -> ShapeCodec[SpotCheck | Answer]:
    return ShapeCodec(Shape(HEADER, ANSWER_SHAPE), _read, _length_of)
