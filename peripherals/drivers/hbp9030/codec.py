"""Lines of the Omron HBP-9030, function 32, format 5, to results; it only pushes.

Facts: a public specification that cites Omron's manual 2873643-0F, page 20, and its published test
(tests/vectors/hbp9030.json). 55 bytes without checksum: `YYYY,MM,DD,hh,mm,ID(20),error(1),SYS(3),
DIA(3),PR(3),movement(1)` CR LF. The ID is patient data: it leaves this file nowhere.
"""

import re
from decimal import Decimal

from app.domain.failures import Code
from app.domain.measurement import QualityFlag
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fixed_line import FixedLineCodec
from peripherals.drivers.masking import mask_of
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "hbp9030-2"
MODEL = "Omron HBP-9030"
LINE = LineSetting(9600)  # USB CDC: the numbers are not used

LINE_BYTES = 55
COMMAS = 10
RANGES = {"sys": (60, 260), "dia": (30, 215), "pulse": (40, 180)}  # what the device can measure

RECORD = re.compile(
    rb"(?P<date>[0-9]{4},[0-9]{2},[0-9]{2},[0-9]{2},[0-9]{2}),(?P<id>[\x20-\x2b\x2d-\x7e]{20}),"
    rb"(?P<error>[0-9]),(?:(?P<sys>[0-9]{3}),(?P<dia>[0-9]{3}),(?P<pulse>[0-9]{3})|   ,   ,   ),"
    rb"(?P<movement>[0-9])\r\n"
)
mask = mask_of(RECORD)


def frame_of(line: bytes) -> BloodPressure | Failed | None:
    fields = RECORD.fullmatch(line)
    if fields is None:
        return None
    parts = [int(part) for part in fields["date"].split(b",")]
    at = wall_clock(*parts)
    if at is None and parts[1]:  # month 0: the clock was never set
        return Failed(Code.DEVICE_UNREADABLE, "timestamp: there is no such day or time", line)
    if error := int(fields["error"]):
        told = f"device_error {error}: the device says that it could not measure"
        return Failed(Code.CUFF_ERROR, told, line, {"error": error})
    if fields["sys"] is None:
        return None  # no error, and yet no numbers
    values = {name: int(fields[name]) for name in RANGES}
    if wrong := [name for name, n in values.items() if not _can_measure(name, n)]:
        told = f"out_of_range: {' and '.join(wrong)} beyond what the device can measure"
        return Failed(Code.CUFF_OUT_OF_RANGE, told, line)
    movement = int(fields["movement"])
    return BloodPressure(
        Decimal(values["sys"]),
        Decimal(values["dia"]),
        line,
        pulse=Decimal(values["pulse"]),
        wall_clock=at,
        quality=frozenset([QualityFlag.MOVED]) if movement else frozenset(),
        facts={"movement": movement, "error": 0},
    )


def _can_measure(name: str, value: int) -> bool:
    low, high = RANGES[name]
    return low <= value <= high


def codec() -> FixedLineCodec[BloodPressure | Failed]:
    return FixedLineCodec(LINE_BYTES, COMMAS, frame_of)
