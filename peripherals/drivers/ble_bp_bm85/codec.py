"""Indications of the Beurer BM85 to results: like 0x2A35, and not quite.

Facts: one recorded indication (tests/vectors/ble_bp_bm85.json). Flags 56 with a reserved bit set;
the pulse is a plain number, high byte first; a user stands there although its flag is clear; a mean
of 0 is none. Only these flags are known, so only these are taken.
"""

from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.ble_bp.codec import STATUS_BITS, number_at, quality_of, time_of
from peripherals.drivers.ble_bp.sfloat import sfloat
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.silence import SilenceCodec
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "ble-bp-bm85-1"
MODEL = "Beurer BM85"
LINE = LineSetting(9600)  # there is no line: for a pty

FLAGS = 0x56
FRAME_BYTES = 19
TIME_AT, PULSE_AT, USER_AT, STATUS_AT = 7, 14, 16, 17

Frame = BloodPressure | Failed


def frames_of(raw: bytes) -> list[Frame] | None:
    parts = [raw[n : n + FRAME_BYTES] for n in range(0, len(raw), FRAME_BYTES)]
    found = [_frame_of(part) for part in parts]
    whole = [frame for frame in found if frame is not None]
    return whole if len(whole) == len(found) else None


def _frame_of(raw: bytes) -> Frame | None:
    if len(raw) != FRAME_BYTES or raw[0] != FLAGS:
        return None
    status = number_at(raw, STATUS_AT)
    is_dated = any(raw[TIME_AT + 2 : TIME_AT + 4])
    at = time_of(raw[TIME_AT:PULSE_AT]) if is_dated else None
    if status & ~STATUS_BITS or (is_dated and at is None):
        return None
    systolic, diastolic, mean = (sfloat(number_at(raw, n)) for n in (1, 3, 5))
    if systolic is None or diastolic is None:
        return Failed(Code.CUFF_ERROR, "NaN or infinite: the device gives no number", raw)
    return BloodPressure(
        systolic,
        diastolic,
        raw,
        mean=mean or None,
        pulse=Decimal(int.from_bytes(raw[PULSE_AT:USER_AT], "big")),
        wall_clock=at,
        quality=quality_of(status),
        facts={"user": raw[USER_AT]},
    )


def codec() -> SilenceCodec[Frame]:
    return SilenceCodec(3 * FRAME_BYTES, frames_of)  # the same one may come twice
