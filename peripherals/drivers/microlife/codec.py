"""Frames of Microlife's M-protocol to memories and answers, questions to bytes; no clock, no I/O.

Facts: two independent projects (tests/vectors/microlife.json). Host `4D FF`, device `4D 3A`, length
(high byte first) of payload and checksum, payload, sum. A memory: how many at payload byte 3,
records of ten bytes from byte 38; month 0 is a clock that was never set.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from app.domain.failures import Code
from app.domain.measurement import QualityFlag
from peripherals.drivers.blood_pressure import BloodPressure, Dump, Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.scanner import LONGEST_FRAME_BYTES, Scanner, Skip, Whole
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "microlife-1"
MODEL = "Microlife (M-protocol)"
LINE = LineSetting(9600)  # HID and Bluetooth have no line: for a pty and for serial adapters

FIRST = re.compile(rb"\x4d")
HOST, DEVICE = b"\x4d\xff", b"\x4d\x3a"
HEAD_BYTES = 4
COUNT_AT, RECORDS_AT = 3, 38  # in the payload
RECORD_BYTES = 10
CUFF_FITS, IRREGULAR = 0x80, 0x40


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole frame that is no memory."""

    payload: bytes
    raw: bytes


Frame = Dump | Answer


def host_frame(payload: bytes) -> bytes:
    return _with_sum(HOST + (len(payload) + 1).to_bytes(2, "big") + payload)


def _with_sum(frame: bytes) -> bytes:
    return frame + bytes([sum(frame) & 0xFF])


FETCH_ALL = host_frame(bytes(7) + b"\xfd")


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Frame] | Skip | None:
    head = bytes(buffer[place : place + HEAD_BYTES])
    if not DEVICE.startswith(head[:2]):
        return Skip(Why.LOST_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    length = HEAD_BYTES + int.from_bytes(head[2:], "big")
    if not HEAD_BYTES + 2 <= length <= LONGEST_FRAME_BYTES:
        return Skip(Why.BAD_LENGTH)
    raw = bytes(buffer[place : place + length])
    if len(raw) < length:
        return None
    if sum(raw[:-1]) & 0xFF != raw[-1]:
        return Skip(Why.BAD_CHECKSUM)
    frame = _frame_of(raw)
    return Skip(Why.BAD_FIELD) if frame is None else Whole(frame, length)


def _frame_of(raw: bytes) -> Frame | None:
    payload = raw[HEAD_BYTES:-1]
    if len(payload) < RECORDS_AT:
        return Answer(payload, raw)
    records = payload[RECORDS_AT:]
    if len(records) != RECORD_BYTES * payload[COUNT_AT]:
        return None
    places = range(0, len(records), RECORD_BYTES)
    return Dump(tuple(_record_of(records[n : n + RECORD_BYTES]) for n in places), raw)


def _record_of(raw: bytes) -> BloodPressure | Failed:
    systolic, diastolic, pulse, year, month, day, hour, minute, flags, _ = raw
    at = wall_clock(2000 + year, month, day, hour, minute) if month else None
    if month and at is None:
        return Failed(Code.DEVICE_UNREADABLE, "timestamp: there is no such day or time", raw)
    is_fitting, is_irregular = bool(flags & CUFF_FITS), bool(flags & IRREGULAR)
    doubts = {QualityFlag.LOOSE_CUFF: not is_fitting, QualityFlag.IRREGULAR: is_irregular}
    return BloodPressure(
        Decimal(systolic),
        Decimal(diastolic),
        raw,
        pulse=Decimal(pulse),
        wall_clock=at,
        quality=frozenset(flag for flag, is_so in doubts.items() if is_so),
        facts={"cuff_fit_ok": is_fitting, "irregular": is_irregular},
    )


def mask(data: bytes) -> bytes:
    """Blanks what stands between the count and the records, which may name a person.

    The sum of a whole frame is set anew, so that a trace can be replayed.
    """
    masked = bytearray(data)
    place = 0
    while (place := data.find(DEVICE, place)) >= 0:
        begin, end = place + HEAD_BYTES + COUNT_AT + 2, place + HEAD_BYTES + RECORDS_AT
        seen = look(bytearray(data[place : place + LONGEST_FRAME_BYTES]), 0, True)
        if not isinstance(seen, Whole):
            masked[begin:end] = bytes(len(masked[begin:end]))
            place += 1
            continue
        if isinstance(seen.frame, Dump):
            masked[begin:end] = bytes(end - begin)
            last = place + seen.byte_count - 1
            masked[last] = sum(masked[place:last]) & 0xFF
        place += seen.byte_count
    return bytes(masked)


def codec() -> Scanner[Frame]:
    return Scanner(FIRST, look)
