"""Blocks of the Terumo BP-500 to results; it only pushes.

Facts: one block taken from an instrument (tests/vectors/terumo_bp500.json): STX `R1,ID(9),YYMMDD,
hhmmss,SYS(3),MAP(3),DIA(3),PR(3),` four fields that nobody explains, ETX and one check byte whose
rule is not known: it is not looked at, so every width and digit must be right.
"""

import re
from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.masking import mask_of
from peripherals.drivers.scanner import Scanner, Skip, Whole
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "terumo-bp500-2"
MODEL = "Terumo BP-500"
LINE = LineSetting(9600)
OTHER_LINES = (LineSetting(19200),)

RECORD_BYTES = 65
FIRST = re.compile(rb"\x02")
BEGIN = b"\x02R1,"
RECORD = re.compile(
    rb"\x02R1,(?P<id>[0-9]{9}),(?P<date>[0-9]{6}),(?P<time>[0-9]{6}),(?P<sys>[0-9]{3}),"
    rb"(?P<map>[0-9]{3}),(?P<dia>[0-9]{3}),(?P<pulse>[0-9]{3}),"
    rb"[0-9]{4},[0-9]{4},[0-9]{5},[0-9]{3}\x03(?s:.)"
)
mask = mask_of(RECORD)

Frame = BloodPressure | Failed


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Frame] | Skip | None:
    begun = buffer[place : place + len(BEGIN)]
    if begun != BEGIN[: len(begun)]:
        return Skip(Why.LOST_BYTES)
    raw = bytes(buffer[place : place + RECORD_BYTES])
    if len(raw) < RECORD_BYTES:
        return None
    fields = RECORD.fullmatch(raw)
    return Skip(Why.BAD_FIELD) if fields is None else Whole(_frame_of(fields), RECORD_BYTES)


def _frame_of(fields: re.Match[bytes]) -> Frame:
    day, time = fields["date"], fields["time"]
    parts = [int(text[n : n + 2]) for text in (day, time) for n in (0, 2, 4)]
    at = wall_clock(2000 + parts[0], *parts[1:])
    if at is None and parts[1]:  # month 0: the clock was never set
        return Failed(Code.DEVICE_UNREADABLE, "timestamp: there is no such day or time", fields[0])
    return BloodPressure(
        Decimal(int(fields["sys"])),
        Decimal(int(fields["dia"])),
        fields[0],
        mean=Decimal(int(fields["map"])),
        pulse=Decimal(int(fields["pulse"])),
        wall_clock=at,
    )


def codec() -> Scanner[Frame]:
    return Scanner(FIRST, look)
