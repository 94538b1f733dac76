"""HID reports of the Omron HEM-790IT/7080IT to readings and texts; no clock, no I/O.

Facts: openyou/libomron's notes (tests/vectors/hem790it.json). Reports of eight bytes, the first
tells how many of the others count; fewer than seven end a message. `OK`, 00, data, XOR of what
follows `OK`; or `NO`: ask again. A reading: yy mm dd hh mi ss, two unknown, sys, dia, pulse.
"""

from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import xor

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Fault, Why
from peripherals.drivers.wall_clock import wall_clock

REPORT_BYTES = 8
MOST_BYTES = 7  # of a report that count
LONGEST_MESSAGE_BYTES = 64
OK, NO = b"OK", b"NO"
READING_BYTES, VERSION_BYTES = 17, 15


@dataclass(frozen=True, slots=True)
class Version:
    text: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Again:
    """`NO`: the same question once more."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Other:
    raw: bytes


Frame = BloodPressure | Failed | Version | Again | Other


class Hem790ItCodec:
    """Reports have no mark: they are counted from the beginning and after each silence."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._message = bytearray()
        self._raw = bytearray()

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer) + len(self._raw)

    def feed(self, data: bytes) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        place = 0
        while place < len(data):
            missing = REPORT_BYTES - len(self._buffer)
            self._buffer += data[place : place + missing]
            place += missing
            if len(self._buffer) == REPORT_BYTES:
                self._take_report(bytes(self._buffer), found)
                self._buffer.clear()
        return found

    def idle(self) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        self._end_message(found)
        if self._buffer:
            found.append(Fault(Why.CUT_SHORT, len(self._buffer)))
            self._buffer.clear()
        return found

    def _take_report(self, report: bytes, found: list[Frame | Fault]) -> None:
        self._raw += report
        if report[0] > MOST_BYTES or len(self._raw) > LONGEST_MESSAGE_BYTES:
            found.append(Fault(Why.BAD_LENGTH, len(self._raw)))
            self._forget()
            return
        self._message += report[1 : 1 + report[0]]
        if report[0] < MOST_BYTES:
            self._end_message(found)

    def _end_message(self, found: list[Frame | Fault]) -> None:
        if self._raw:
            frame = _frame_of(bytes(self._message), bytes(self._raw))
            found.append(Fault(frame, len(self._raw)) if isinstance(frame, Why) else frame)
        self._forget()

    def _forget(self) -> None:
        self._raw.clear()
        self._message.clear()


def _frame_of(message: bytes, raw: bytes) -> Frame | Why:
    if message.startswith(NO):
        return Again(raw)
    if not message.startswith(OK):
        return Why.LOST_BYTES
    if len(message) == len(OK):
        return Other(raw)
    if reduce(xor, message[len(OK) :]):
        return Why.BAD_CHECKSUM
    data = message[len(OK) + 1 : -1]
    if len(message) == VERSION_BYTES:
        return Version(data.decode("ascii", "replace"), raw)
    if len(message) != READING_BYTES:
        return Other(raw)
    at = wall_clock(2000 + data[0], *data[1:6])
    if at is None and data[1]:
        return Failed(Code.DEVICE_UNREADABLE, "timestamp: there is no such day or time", raw)
    systolic, diastolic, pulse = (Decimal(value) for value in data[8:11])
    return BloodPressure(systolic, diastolic, raw, pulse=pulse, wall_clock=at)
