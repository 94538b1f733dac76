"""Lines of the Omron HBP-9020, mode 5 F3, to results; it only pushes.

Facts: one line taken from an instrument (tests/vectors/hbp9020.json). No checksum:
`bp,ID(20),YYYY/MM/DD,hh:mm,SYS(3),MAP(3),DIA(3),PR(3),n` CR LF. The mean stands before the
diastolic value; what n means is not known, nor how an error looks. The ID is patient data.
"""

import re
from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fixed_line import FixedLineCodec
from peripherals.drivers.masking import mask_of
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "hbp9020-2"
MODEL = "Omron HBP-9020"
LINE = LineSetting(9600)  # not published; 9600 8N1 is usual
OTHER_LINES = (LineSetting(2400), LineSetting(19200))

LINE_BYTES = 60
COMMAS = 8

RECORD = re.compile(
    rb"bp,(?P<id>[\x20-\x2b\x2d-\x7e]{20}),(?P<date>[0-9]{4}/[0-9]{2}/[0-9]{2}),"
    rb"(?P<time>[0-9]{2}:[0-9]{2}),(?P<sys>[0-9]{3}),(?P<map>[0-9]{3}),(?P<dia>[0-9]{3}),"
    rb"(?P<pulse>[0-9]{3}),(?P<last>[0-9])\r\n"
)
mask = mask_of(RECORD)


def frame_of(line: bytes) -> BloodPressure | Failed | None:
    fields = RECORD.fullmatch(line)
    if fields is None:
        return None
    parts = [int(p) for p in (*fields["date"].split(b"/"), *fields["time"].split(b":"))]
    at = wall_clock(*parts)
    if at is None and parts[1]:  # month 0: the clock was never set
        return Failed(Code.DEVICE_UNREADABLE, "timestamp: there is no such day or time", line)
    return BloodPressure(
        Decimal(int(fields["sys"])),
        Decimal(int(fields["dia"])),
        line,
        mean=Decimal(int(fields["map"])),
        pulse=Decimal(int(fields["pulse"])),
        wall_clock=at,
        facts={"last_field": int(fields["last"])},
    )


def codec() -> FixedLineCodec[BloodPressure | Failed]:
    return FixedLineCodec(LINE_BYTES, COMMAS, frame_of)
