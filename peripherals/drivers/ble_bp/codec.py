"""Indications of the Bluetooth characteristic 0x2A35 to results; silence divides them.

Facts: the profile's layout and a device's sample (tests/vectors/ble_bp.json): flags, systolic,
diastolic and mean as SFLOAT, then as the flags say time, pulse, user, status. All low byte first.
"""

from datetime import datetime

from app.domain.failures import Code
from app.domain.measurement import QualityFlag
from peripherals.drivers.ble_bp.sfloat import sfloat
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.silence import SilenceCodec
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "ble-bp-1"
MODEL = "Bluetooth blood pressure monitor"
LINE = LineSetting(9600)  # there is no line: for a pty

KPA, TIMED, PULSE, USER, STATUS = 0x01, 0x02, 0x04, 0x08, 0x10
RESERVED_FLAGS = 0xE0
PRESSURES_BYTES = 7
PARTS = {TIMED: 7, PULSE: 2, USER: 1, STATUS: 2}  # in this order
LONGEST_BYTES = 3 * (PRESSURES_BYTES + sum(PARTS.values()))  # the same one may come twice
STATUS_BITS = 0x003F
_QUALITY = {0x01: QualityFlag.MOVED, 0x02: QualityFlag.LOOSE_CUFF, 0x04: QualityFlag.IRREGULAR}
POSITION = 0x20
PULSE_RANGES = {0: "within", 1: "above", 2: "below", 3: "reserved"}

Frame = BloodPressure | Failed


def frames_of(raw: bytes) -> list[Frame] | None:
    """The flags tell where each of several ends."""
    found: list[Frame] = []
    place = 0
    while place < len(raw):
        flags = raw[place]
        length = PRESSURES_BYTES + sum(size for flag, size in PARTS.items() if flags & flag)
        whole = raw[place : place + length]
        frame = _frame_of(whole) if len(whole) == length else None
        if frame is None or flags & RESERVED_FLAGS:
            return None
        found.append(frame)
        place += length
    return found


def parts_of(raw: bytes) -> dict[int, bytes]:
    """The bytes of each part that the flags promise."""
    place, found = PRESSURES_BYTES, {}
    for flag, size in PARTS.items():
        if raw[0] & flag:
            found[flag] = raw[place : place + size]
            place += size
    return found


def _frame_of(raw: bytes) -> Frame | None:
    parts = parts_of(raw)
    status = int.from_bytes(parts.get(STATUS, b""), "little")
    if status & ~STATUS_BITS:
        return None
    at: datetime | None = None
    if TIMED in parts and any(parts[TIMED][2:4]):  # month or day 0: the clock is not set
        at = time_of(parts[TIMED])
        if at is None:
            return None
    systolic, diastolic, mean = (sfloat(number_at(raw, n)) for n in (1, 3, 5))
    if systolic is None or diastolic is None:
        return Failed(Code.CUFF_ERROR, "NaN or infinite: the device gives no number", raw)
    facts: dict[str, str | int | bool] = {}
    if USER in parts:
        facts["user"] = parts[USER][0]
    if STATUS in parts:
        facts["pulse_range"] = PULSE_RANGES[status >> 3 & 3]
    return BloodPressure(
        systolic,
        diastolic,
        raw,
        mean=mean,
        pulse=sfloat(int.from_bytes(parts[PULSE], "little")) if PULSE in parts else None,
        wall_clock=at,
        quality=quality_of(status),
        is_kpa=bool(raw[0] & KPA),
        facts=facts,
    )


def number_at(raw: bytes, place: int) -> int:
    return int.from_bytes(raw[place : place + 2], "little")


def time_of(raw: bytes) -> datetime | None:
    return wall_clock(number_at(raw, 0), *raw[2:])


def quality_of(status: int) -> frozenset[QualityFlag]:
    flags = {flag for bit, flag in _QUALITY.items() if status & bit}
    return frozenset(flags | ({QualityFlag.POSITION} if status & POSITION else set()))


def codec() -> SilenceCodec[Frame]:
    return SilenceCodec(LONGEST_BYTES, frames_of)
