"""Bytes of the Beurer/Andon BM58 to replies, questions to bytes; no clock, no I/O.
Facts: code of DaveDavenport/BPM (tests/vectors/bm58.json). No checksum and no mark: a reply is
what comes between two silences, and only what was asked tells what it is. `AA` 55, `A4` 32 bytes of
name, `A2` how many, `A3 n` nine bytes: mark, systolic-25, diastolic-25, pulse, month (0: not set),
day, hour, minute, year-2000.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from peripherals.drivers.blood_pressure import BloodPressure
from peripherals.drivers.silence import SilenceCodec
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "bm58-1"
MODEL = "Beurer BM58"
LINE = LineSetting(4800)

PING, NAME, COUNT, RECORD = b"\xaa", b"\xa4", b"\xa2", b"\xa3"
PING_REPLY = b"\x55"
NAME_BYTES = 32
RECORD_BYTES = 9
OFFSET_MMHG = 25


@dataclass(frozen=True, slots=True)
class Reply:
    """All that came between two silences."""

    raw: bytes


def read_record(number: int) -> bytes:
    """The first record is number 1."""
    return RECORD + bytes([number])


def record_of(raw: bytes) -> BloodPressure | None:
    """None when nine bytes are no record, as the calendar tells."""
    if len(raw) != RECORD_BYTES:
        return None
    _, systolic, diastolic, pulse, month, day, hour, minute, year = raw
    at: datetime | None = None
    if month:
        at = wall_clock(2000 + year, month, day, hour, minute)
        if at is None:
            return None
    return BloodPressure(
        Decimal(systolic + OFFSET_MMHG),
        Decimal(diastolic + OFFSET_MMHG),
        raw,
        pulse=Decimal(pulse),
        wall_clock=at,
    )


def codec() -> SilenceCodec[Reply]:
    return SilenceCodec(NAME_BYTES, lambda raw: [Reply(raw)])
