"""Bytes of the A&D UA-767PC to readings and answers, commands to bytes; no clock, no I/O.
Facts: one public program, whose author calls his reading made up (tests/vectors/ua767pc.json). Host
STX `C` `PC` `05` sum opens, `04` closes; answers: SOH, four characters, ACK or NAK. A reading is
ten hex digits: status (80 is good), pulse pressure, diastolic, pulse, a byte that nobody explains;
no mark and no checksum, so there must be exactly ten.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from app.domain.failures import Code
from peripherals.drivers.blood_pressure import BloodPressure, Failed
from peripherals.drivers.fault import Fault, Why
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "ua767pc-1"
MODEL = "A&D UA-767PC"
LINE = LineSetting(9600)  # not published
OTHER_LINES = (LineSetting(2400), LineSetting(1200))

ACK = 0x06
SLICE_BYTES = 1024
READING_DIGITS = 10
LONGEST_RUN_DIGITS = 3 * READING_DIGITS
GOOD = 0x80
STATUSES = range(0x80, 0x84)
_TOKEN = re.compile(
    rb"(?P<answer>\x01[0-9A-Z]{4}[\x06\x15])|(?P<run>[0-9A-Fa-f]+)|[^0-9A-Fa-f\x01]+|\x01"
)
_UNENDED = re.compile(rb"(?:\x01[0-9A-Z]{0,4}|[0-9A-Fa-f]+)\Z")  # what more bytes may belong to


@dataclass(frozen=True, slots=True)
class Answer:
    is_taken: bool
    raw: bytes


Frame = BloodPressure | Failed | Answer


def host_frame(body: bytes) -> bytes:
    return b"\x02" + body + bytes([sum(body) & 0xFF])


OPEN, CLOSE = host_frame(b"CPC05"), host_frame(b"CPC04")


class Ua767PcCodec:
    """Fulfils Codec. A run of digits is judged when it is over: by another byte or by silence."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_rest = False  # the buffer begins inside a run that was too long to hold
        self._skipped = 0
        self._why = Why.LOST_BYTES

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        for start in range(0, len(data), SLICE_BYTES):
            self._buffer += data[start : start + SLICE_BYTES]
            held = _UNENDED.search(self._buffer)
            self._take(len(self._buffer) if held is None else held.start(), found)
            if len(self._buffer) > LONGEST_RUN_DIGITS:
                self._skip(len(self._buffer), Why.BAD_LENGTH)
                self._buffer.clear()
                self._is_rest = True
        return found

    def idle(self) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        self._take(len(self._buffer), found)
        self._is_rest = False
        self._tell_skipped(found)
        return found

    def _take(self, end: int, found: list[Frame | Fault]) -> None:
        for token in _TOKEN.finditer(self._buffer, 0, end):
            run, is_rest = token["run"], self._is_rest and token.start() == 0
            if token["answer"] is not None:
                self._tell_skipped(found)
                found.append(Answer(token[0][-1] == ACK, token[0]))
            elif run is None:
                self._skip(len(token[0]), Why.LOST_BYTES)
            elif is_rest or len(run) > LONGEST_RUN_DIGITS:
                self._skip(len(run), Why.BAD_LENGTH)
            elif (frames := _readings_of(run)) is None:
                is_short = len(run) < READING_DIGITS
                self._skip(len(run), Why.LOST_BYTES if is_short else Why.BAD_FIELD)
            else:
                self._tell_skipped(found)
                found += frames
        if end:
            self._is_rest = False
            del self._buffer[:end]

    def _skip(self, byte_count: int, why: Why) -> None:
        self._skipped += byte_count
        if self._why is Why.LOST_BYTES:  # the first reason that says more wins
            self._why = why

    def _tell_skipped(self, found: list[Frame | Fault]) -> None:
        if self._skipped:
            found.append(Fault(self._why, self._skipped))
        self._skipped, self._why = 0, Why.LOST_BYTES


def _readings_of(run: bytes) -> list[BloodPressure | Failed] | None:
    """Readings sent twice stand without anything between them."""
    if len(run) % READING_DIGITS:
        return None
    parts = [run[n : n + READING_DIGITS] for n in range(0, len(run), READING_DIGITS)]
    found = [_reading_of(part) for part in parts]
    whole = [reading for reading in found if reading is not None]
    return whole if len(whole) == len(found) else None


def _reading_of(digits: bytes) -> BloodPressure | Failed | None:
    status, pulse_pressure, diastolic, pulse, last = bytes.fromhex(digits.decode("ascii"))
    if status not in STATUSES:
        return None
    if status != GOOD:
        return Failed(Code.CUFF_ERROR, f"device_error: status {status:02X}", digits)
    return BloodPressure(
        Decimal(diastolic + pulse_pressure),
        Decimal(diastolic),
        digits,
        pulse=Decimal(pulse),
        facts={"pulse_pressure": pulse_pressure, "status": "80 ok", "byte5": last},
    )
