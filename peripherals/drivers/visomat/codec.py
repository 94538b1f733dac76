"""The memory of a Visomat Double Comfort (Prevention DS-2200PV) to records.
Facts: one memory that a public README quotes (tests/vectors/visomat.json): STX, `M1` and how many
(two digits), records, `M2` the same, ETX; one digit stands where there is none. A record is
`yymmddHHMM f SYS DIA PUL`, 20 digits, no checksum: each must be right. What f means, how fast the
line is and whether the host must ask is not known.
"""

import re
from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Dump, Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.scanner import LONGEST_FRAME_BYTES, Scanner, Skip, Whole
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "visomat-1"
MODEL = "Visomat Double Comfort"
LINE = LineSetting(9600)  # a guess

ETX = 0x03
FIRST = re.compile(rb"\x02")
BEGIN = b"\x02M1"
RECORD_BYTES = 20
_NOT_OF_A_DUMP = re.compile(rb"[^0-9M]")
_PART = re.compile(rb"M(?P<user>[12])(?P<count>[0-9]{2})")
_RECORD = re.compile(
    rb"(?P<time>[0-9]{10})(?P<flag>[0-9])(?P<sys>[0-9]{3})(?P<dia>[0-9]{3})(?P<pulse>[0-9]{3})"
)


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Dump] | Skip | None:
    begun = buffer[place : place + len(BEGIN)]
    if not BEGIN.startswith(begun):
        return Skip(Why.LOST_BYTES)
    stop = _NOT_OF_A_DUMP.search(buffer, place + 1, place + LONGEST_FRAME_BYTES)
    if stop is None:
        is_too_long = len(buffer) - place >= LONGEST_FRAME_BYTES
        return Skip(Why.BAD_LENGTH) if is_too_long else None
    if buffer[stop.start()] != ETX:
        return Skip(Why.LOST_BYTES)
    raw = bytes(buffer[place : stop.end()])
    records = _records_of(raw[1:-1])
    return Skip(Why.BAD_FIELD) if records is None else Whole(Dump(records, raw), len(raw))


def _records_of(text: bytes) -> tuple[BloodPressure | Failed, ...] | None:
    found: list[BloodPressure | Failed] = []
    place = 0
    for user in (1, 2):
        part = _PART.match(text, place)
        if part is None or int(part["user"]) != user:
            return None
        count, place = int(part["count"]), part.end()
        for _ in range(count):
            record = _RECORD.match(text, place)
            if record is None:
                return None
            found.append(_record_of(record, user))
            place = record.end()
        place += 0 if count else 1  # the digit that stands for nothing
    return tuple(found) if place == len(text) else None


def _record_of(record: re.Match[bytes], user: int) -> BloodPressure | Failed:
    year, month, day, hour, minute = (int(record["time"][n : n + 2]) for n in range(0, 10, 2))
    at = wall_clock(2000 + year, month, day, hour, minute) if month else None
    if month and at is None:
        told = "timestamp: there is no such day or time"
        return Failed(Code.DEVICE_UNREADABLE, told, record[0])
    return BloodPressure(
        Decimal(int(record["sys"])),
        Decimal(int(record["dia"])),
        record[0],
        pulse=Decimal(int(record["pulse"])),
        wall_clock=at,
        facts={"user": user, "flag": int(record["flag"])},
    )


def codec() -> Scanner[Dump]:
    return Scanner(FIRST, look)
