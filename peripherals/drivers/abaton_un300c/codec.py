"""Bytes of the Abaton UN300C to live pressures and results; no clock, no I/O.

Facts: two public programs (tests/vectors/abaton_un300c.json). 4800 8N1. Host STX, `01;;`, the sum
of these characters as two hex digits, ETX. Device: text between CR, STX and ETX: a pressure
`120C0S3`, `999` at the end, a result `S..;A..;C..;M..;Psssdddmmm;Rppp;..`. No known checksum.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.scanner import Scanner, Skip, Whole

FIRST = re.compile(rb"[0-9S]")
LONGEST_TEXT_BYTES = 64
_END = re.compile(rb"[\x02\x03\r\n]")
_LIVE = re.compile(rb"(?P<mmhg>[0-9]{3})C[0-9]S[0-9]")
_DONE = re.compile(rb"999")
_RESULT = re.compile(
    rb"S[0-9]{1,2};A[0-9]{1,2};C[0-9]{1,2};M(?P<message>[0-9]{1,2});"
    rb"P(?P<sys>[0-9]{3})(?P<dia>[0-9]{3})(?P<map>[0-9]{3});R(?P<pulse>[0-9]{3});[ -~]{0,20}"
)


@dataclass(frozen=True, slots=True)
class CuffPressure:
    mmhg: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Done:
    raw: bytes


Frame = BloodPressure | Failed | CuffPressure | Done


def host_frame(command: bytes) -> bytes:
    text = command + b";;"
    return b"\x02" + text + f"{sum(text) & 0xFF:02X}".encode("ascii") + b"\x03"


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Frame] | Skip | None:
    end = _END.search(buffer, place, place + LONGEST_TEXT_BYTES)
    if end is None and len(buffer) - place < LONGEST_TEXT_BYTES and not is_over:
        return None
    text = bytes(buffer[place : end.start() if end else place + LONGEST_TEXT_BYTES])
    frame = _frame_of(text)
    return Skip(Why.LOST_BYTES) if frame is None else Whole(frame, len(text))


def _frame_of(text: bytes) -> Frame | None:
    if live := _LIVE.fullmatch(text):
        return CuffPressure(int(live["mmhg"]), text)
    if _DONE.fullmatch(text):
        return Done(text)
    result = _RESULT.fullmatch(text)
    if result is None:
        return None
    if message := int(result["message"]):
        return Failed(Code.CUFF_ERROR, f"device_error {message}", text, {"error": message})
    systolic, diastolic, mean, pulse = (
        Decimal(int(result[name])) for name in ("sys", "dia", "map", "pulse")
    )
    return BloodPressure(systolic, diastolic, text, mean=mean, pulse=pulse)


def codec() -> Scanner[Frame]:
    return Scanner(FIRST, look)
