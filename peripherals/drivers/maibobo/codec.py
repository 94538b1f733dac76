"""Frames of the Maibobo to live pressures, failures and the rest; no clock, no I/O.

Facts: one public program (tests/vectors/maibobo.json). Host `CC 80`, device `AA 80`, then `03`,
how many bytes, class, kind, data, XOR of all after the first two. The program reads the numbers of
a result at two different places, so they are not read here at all.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.scanner import Scanner, Skip, Whole

FIRST = re.compile(rb"\xaa")
DEVICE, HOST = b"\xaa\x80\x03", b"\xcc\x80\x03"
HEAD_BYTES = 4
LONGEST_BYTES = 64
LIVE, RESULT, ERROR = b"\x01\x05", b"\x01\x06", b"\x01\x07"
ERRORS: dict[int, Code] = {
    0x01: Code.CUFF_OVERPRESSURE,
    0x02: Code.CUFF_LEAK,
    0x05: Code.CUFF_LEAK,
    0x06: Code.CUFF_HARDWARE,
    0x09: Code.CUFF_BLOCKED,
    0x0F: Code.CUFF_LEAK,
    0x10: Code.CUFF_HARDWARE,
}


@dataclass(frozen=True, slots=True)
class CuffPressure:
    mmhg: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Other:
    raw: bytes


Frame = CuffPressure | Failed | Other


def host_frame(kind: bytes) -> bytes:
    checked = HOST[2:] + bytes([len(kind) + 1]) + kind + b"\0"
    return HOST[:2] + checked + bytes([reduce(xor, checked)])


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Frame] | Skip | None:
    head = bytes(buffer[place : place + HEAD_BYTES])
    if not DEVICE.startswith(head[: len(DEVICE)]):
        return Skip(Why.LOST_BYTES)
    if len(head) < HEAD_BYTES:
        return None
    length = HEAD_BYTES + head[3] + 1
    if not 2 <= head[3] <= LONGEST_BYTES:
        return Skip(Why.BAD_LENGTH)
    raw = bytes(buffer[place : place + length])
    if len(raw) < length:
        return None
    if reduce(xor, raw[2:]):
        return Skip(Why.BAD_CHECKSUM)
    return Whole(_frame_of(raw), length)


def _frame_of(raw: bytes) -> Frame:
    kind, data = raw[HEAD_BYTES : HEAD_BYTES + 2], raw[HEAD_BYTES + 2 : -1]
    if kind == LIVE and len(data) >= 2:
        return CuffPressure(int.from_bytes(data[:2], "big"), raw)
    if kind == ERROR and data:
        code = ERRORS.get(data[0], Code.CUFF_ERROR)
        return Failed(code, f"device_error {data[0]}: {code}", raw, {"error": data[0]})
    if kind == RESULT:
        told = "a result: the only public source disagrees with itself where its numbers stand"
        return Failed(Code.DEVICE_UNREADABLE, told, raw)
    return Other(raw)


def codec() -> Scanner[Frame]:
    return Scanner(FIRST, look)
