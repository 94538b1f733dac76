"""Records of the Contec 08A to results; no clock, no I/O.

Facts: MarkMLl/contec08a, checked there against the vendor's own export (tests/vectors/
contec08a.json). `82 80 sys dia pulse mean year month 80 day hour minute 80 91`, zeros to the end of
the report; all but the systolic value have bit 7 set on the wire.
"""

import re
from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.scanner import Scanner, Skip, Whole
from peripherals.drivers.wall_clock import wall_clock

FIRST = re.compile(rb"\x82")
BEGIN = b"\x82\x80"
RECORD_BYTES = 14
REPORT_BYTES = 64
MARK = 0x80
LOWEST_PROVEN_MMHG = 128
_PADDING = re.compile(rb"\x00*")

Frame = BloodPressure | Failed


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Frame] | Skip | None:
    raw = bytes(buffer[place : place + RECORD_BYTES])
    if not BEGIN.startswith(raw[:2]):
        return Skip(Why.LOST_BYTES)
    if len(raw) < RECORD_BYTES:
        return None
    if not all(byte & MARK for byte in raw[3:]):
        return Skip(Why.BAD_FIELD)
    padding = _PADDING.match(buffer, place + RECORD_BYTES, place + REPORT_BYTES)
    assert padding is not None  # it matches nothing, too
    is_ended = padding.end() < len(buffer) or padding.end() == place + REPORT_BYTES or is_over
    return Whole(_frame_of(raw), padding.end() - place) if is_ended else None


def _frame_of(raw: bytes) -> Frame:
    systolic = raw[2]
    if systolic < LOWEST_PROVEN_MMHG:
        told = "unproven: how a systolic pressure below 128 looks on the wire is not known"
        return Failed(Code.DEVICE_UNREADABLE, told, raw)
    diastolic, pulse, mean, year, month, _, day, hour, minute = (byte & 0x7F for byte in raw[3:12])
    at = wall_clock(2000 + year, month, day, hour, minute)
    if at is None and month:
        return Failed(Code.DEVICE_UNREADABLE, "timestamp: there is no such day or time", raw)
    return BloodPressure(
        Decimal(systolic),
        Decimal(diastolic),
        raw,
        mean=Decimal(mean),
        pulse=Decimal(pulse),
        wall_clock=at,
    )


def codec() -> Scanner[Frame]:
    return Scanner(FIRST, look)
