"""Bytes of the A&D TM-2655 and TM-2657 to frames, commands to bytes; no clock, no I/O.

Facts: four public programs and strings that two of them quote from the device
(tests/vectors/tm2655.json). Host `16 16 01 30 30 02 c c 03 BCC`, BCC the XOR of 01 to 03. Device:
the same head and ACK or NAK, or STX, fields split by RS and ETX, without checksum.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import reduce
from operator import xor

from app.domain.failures import Code
from app.domain.measurement import QualityFlag
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Why
from peripherals.drivers.scanner import Scanner, Skip, Whole
from peripherals.drivers.wall_clock import wall_clock
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "tm2655-2"
MODEL = "A&D TM-2655/2657"
LINE = LineSetting(2400)
OTHER_LINES = (LineSetting(9600),)  # a setting of the unit

STX, ETX, ACK = 0x02, 0x03, 0x06
LONGEST_HEAD_BYTES = 7
LONGEST_BLOCK_BYTES = 400  # the pulses of one measurement are the longest block
FIRST = re.compile(rb"[\x01\x02\x16]")
_HEAD = re.compile(rb"(?:\x16{0,2}\x01[ -~]{2,4})(?=[\x02\x06\x15])")
_BEGUN_HEAD = re.compile(rb"\x16{0,2}(?:\x01[ -~]{0,4})?")
_NOT_OF_A_BLOCK = re.compile(rb"[^ -~\x1e]")

# Tags, not places: some units have fields more. A value is three characters, filled from the left.
_BLOCK = re.compile(
    rb"(?P<model>TM-?265[57]P?)\x1e(?P<time>[0-9]{10})\x1e[^\x1e]{1,3}\x1e[^\x1e]{1,3}\x1e"
    rb"E(?P<error>[0-9]{2})\x1eS(?P<sys>[ 0-9]{3})\x1eM(?P<map>[ 0-9]{3})\x1e"
    rb"D(?P<dia>[ 0-9]{3})\x1eP(?P<pulse>[ 0-9]{3})(?P<more>(?:\x1e[A-Za-z][ 0-9]{1,4})*)\x1e?"
)
_NUMBER = re.compile(rb" {0,2}[1-9][0-9]{0,2}")

ERRORS: dict[int, Code] = {
    11: Code.CUFF_LEAK,  # no pressure at the start
    12: Code.CUFF_LEAK,  # the pressure was not reached in time
    13: Code.CUFF_BLOCKED,  # inflates too fast
    15: Code.CUFF_LEAK,
    21: Code.CUFF_BLOCKED,  # exhausts too slowly
    22: Code.CUFF_LEAK,  # exhausts too fast
    23: Code.CUFF_OVERPRESSURE,
    24: Code.CUFF_TIME_LIMIT,
    42: Code.CUFF_WEAK_SIGNAL,
    43: Code.CUFF_WEAK_SIGNAL,
    44: Code.CUFF_ARTEFACT,
    45: Code.CUFF_WEAK_SIGNAL,
    46: Code.CUFF_WEAK_SIGNAL,
    48: Code.CUFF_WEAK_SIGNAL,
    61: Code.CUFF_WEAK_SIGNAL,
    63: Code.CUFF_OUT_OF_RANGE,
}
# Of the TM-2657, small letters; what is counted there makes the reading doubtful.
_DOUBTS = {ord("i"): QualityFlag.IRREGULAR, ord("m"): QualityFlag.MOVED}


class Command(Enum):
    """The two letters."""

    START = b"ST"
    STOP = b"SP"
    READ_RESULT = b"RB"


@dataclass(frozen=True, slots=True)
class Answer:
    """To a command: taken or refused."""

    is_taken: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Other:
    """A whole block of another kind: the pulses of a measurement."""

    raw: bytes


Frame = BloodPressure | Failed | Answer | Other


def encode(command: Command) -> bytes:
    checked = b"\x0100\x02" + command.value + b"\x03"
    return b"\x16\x16" + checked + bytes([reduce(xor, checked)])


def look(buffer: bytearray, place: int, is_over: bool) -> Whole[Frame] | Skip | None:
    if buffer[place] == STX:
        return _block_at(buffer, place, place)
    begun = bytes(buffer[place : place + LONGEST_HEAD_BYTES + 1])
    head = _HEAD.match(begun)
    if head is None:
        is_cut = len(begun) <= LONGEST_HEAD_BYTES and _BEGUN_HEAD.fullmatch(begun) is not None
        return None if is_cut else Skip(Why.LOST_BYTES)
    if begun[head.end()] == STX:
        return _block_at(buffer, place, place + head.end())
    raw = begun[: head.end() + 1]
    return Whole(Answer(raw[-1] == ACK, raw), len(raw))


def _block_at(buffer: bytearray, place: int, stx: int) -> Whole[Frame] | Skip | None:
    stop = _NOT_OF_A_BLOCK.search(buffer, stx + 1, stx + LONGEST_BLOCK_BYTES)
    if stop is None:
        is_too_long = len(buffer) - stx >= LONGEST_BLOCK_BYTES
        return Skip(Why.BAD_LENGTH) if is_too_long else None
    if buffer[stop.start()] != ETX:
        return Skip(Why.LOST_BYTES)
    raw = bytes(buffer[place : stop.end()])
    frame = _frame_of(raw, stx - place)
    return Skip(Why.BAD_FIELD) if frame is None else Whole(frame, len(raw))


def _frame_of(raw: bytes, stx: int) -> Frame | None:
    fields = _BLOCK.fullmatch(raw, stx + 1, len(raw) - 1)
    if fields is None:
        return Other(raw) if b"\x1eRP\x1e" in raw else None
    is_dated = fields["time"][2:4] != b"00"  # month 0: the clock was never set
    at = _time_of(fields["time"]) if is_dated else None
    if is_dated and at is None:
        return None
    facts = {
        "model": fields["model"].decode("ascii"),
        "error": f"E{fields['error'].decode('ascii')}",
    }
    if error := int(fields["error"]):
        told = f"device_error E{error:02}: {ERRORS.get(error, 'not published')}"
        return Failed(ERRORS.get(error, Code.CUFF_ERROR), told, raw, facts)
    names = ("sys", "map", "dia", "pulse")
    if any(_NUMBER.fullmatch(fields[name]) is None for name in names):
        return None
    systolic, mean, diastolic, pulse = (Decimal(int(fields[name])) for name in names)
    return BloodPressure(
        systolic, diastolic, raw, mean, pulse, at, _doubts_of(fields["more"]), facts=facts
    )


def _time_of(digits: bytes) -> datetime | None:
    year, month, day, hour, minute = (int(digits[n : n + 2]) for n in range(0, 10, 2))
    return wall_clock(2000 + year, month, day, hour, minute)


def _doubts_of(more: bytes) -> frozenset[QualityFlag]:
    counted = {field[0] for field in more.split(b"\x1e") if field and field[1:].strip(b" 0")}
    return frozenset(flag for tag, flag in _DOUBTS.items() if tag in counted)


def codec() -> Scanner[Frame]:
    return Scanner(FIRST, look)
