"""Bytes of the SunTech Advantage family to frames, commands to bytes; no clock, no I/O.

Facts: published tests of ak-git/DesktopFX quoting the vendor manual (tests/vectors/suntech.json).
9600 8N1; host `3A command.. ck`, module `3E length data.. ck`; the bytes of a whole frame sum to 0.
The service commands (pneumatics, calibration) are left out on purpose.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from peripherals.drivers.fault import Fault, Why
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "suntech-1"
MODEL = "SunTech Advantage family"
LINE = LineSetting(9600)

HOST_SYNC = 0x3A
MODULE_SYNC = 0x3E
MIN_FRAME_BYTES = 4
MAX_FRAME_BYTES = 0x43
PRESSURE_FRAME_BYTES = 5
RESULT_FRAME_BYTES = 24
SLICE_BYTES = 1024  # with one frame that is still incomplete the buffer stays below 2 KiB


class Command(Enum):
    """What the host may ask; the value is what stands between the sync byte and the checksum."""

    START_ADULT = bytes([0x20])
    ABORT = bytes([0x79, 0x01, 0x00])
    READ_RESULT = bytes([0x79, 0x03, 0x00])
    CUFF_PRESSURE = bytes([0x79, 0x05, 0x00])


class Answer(StrEnum):
    """The letters with which the module acknowledges."""

    RECEIVED = "O"
    DONE = "K"
    ABORTED = "A"
    BUSY = "B"
    ERROR = "E"
    INVALID = "N"
    UNRECOGNISED = "D"
    ASLEEP = "S"
    TIMED_OUT = "T"


@dataclass(frozen=True, slots=True)
class Ack:
    answer: Answer
    raw: bytes


@dataclass(frozen=True, slots=True)
class CuffPressure:
    mmhg: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """Of the module's last measurement; the numbers mean nothing when `error` is not 0."""

    systolic_mmhg: int
    diastolic_mmhg: int
    mean_mmhg: int
    pulse_per_minute: int
    beats: int
    status: int
    error: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Other:
    """A whole frame that this driver does not know: status, version text."""

    raw: bytes


Frame = Ack | CuffPressure | Result | Other

_ANSWER_OF_BYTE = {ord(answer): answer for answer in Answer}


def encode(command: Command) -> bytes:
    return host_frame(command.value)


def host_frame(body: bytes) -> bytes:
    """Sync byte, body and the checksum that makes the sum of all bytes 0."""
    frame = bytes([HOST_SYNC]) + body
    return frame + bytes([-sum(frame) & 0xFF])


def frame_of(raw: bytes) -> Frame:
    """What a frame with good length and checksum says."""
    if len(raw) == PRESSURE_FRAME_BYTES:
        return CuffPressure(int.from_bytes(raw[2:4], "little", signed=True), raw)
    if len(raw) == MIN_FRAME_BYTES:
        answer = _ANSWER_OF_BYTE.get(raw[2])
        return Other(raw) if answer is None else Ack(answer, raw)
    if len(raw) == RESULT_FRAME_BYTES:
        return Result(
            systolic_mmhg=int.from_bytes(raw[2:4], "little"),
            diastolic_mmhg=int.from_bytes(raw[4:6], "little"),
            mean_mmhg=int.from_bytes(raw[18:20], "little"),
            pulse_per_minute=raw[16],
            beats=raw[6],
            status=raw[7],
            error=raw[20],
            raw=raw,
        )
    return Other(raw)


class SunTechCodec:
    """However the bytes are cut, the same frames and faults come out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skipped = 0
        self._why: Why | None = None

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    @property
    def is_between_frames(self) -> bool:
        """Nothing waits for a rest or to be told."""
        return not self._buffer and not self._skipped

    def feed(self, data: bytes) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        for start in range(0, len(data), SLICE_BYTES):
            self._buffer += data[start : start + SLICE_BYTES]
            self._scan(found)
        return found

    def idle(self) -> list[Frame | Fault]:
        """The line was silent for so long that the rest of a begun frame will not come.

        A false sync byte may have claimed the bytes of a true frame behind it: those are found now.
        """
        found: list[Frame | Fault] = []
        while self._buffer:
            self._skip(1, Why.CUT_SHORT)
            del self._buffer[0]
            self._scan(found)
        self._tell_skipped(found)
        return found

    def _scan(self, found: list[Frame | Fault]) -> None:
        buffer, place, end = self._buffer, 0, len(self._buffer)
        while place < end:
            sync = buffer.find(MODULE_SYNC, place)
            if sync != place:
                sync = end if sync < 0 else sync
                self._skip(sync - place, Why.LOST_BYTES)
                place = sync
                continue
            if place + 1 == end:
                break
            length = buffer[place + 1]
            if not MIN_FRAME_BYTES <= length <= MAX_FRAME_BYTES:
                self._skip(1, Why.BAD_LENGTH)
                place += 1
                continue
            if place + length > end:
                break
            raw = bytes(buffer[place : place + length])
            if sum(raw) & 0xFF:  # only the sync byte goes: a true frame may begin inside
                self._skip(1, Why.BAD_CHECKSUM)
                place += 1
                continue
            if self._skipped:
                self._tell_skipped(found)
            found.append(frame_of(raw))
            place += length
        del buffer[:place]

    def _skip(self, byte_count: int, why: Why) -> None:
        self._skipped += byte_count
        if self._why in (None, Why.LOST_BYTES):  # the first reason that says more wins
            self._why = why

    def _tell_skipped(self, found: list[Frame | Fault]) -> None:
        if self._skipped and self._why is not None:
            found.append(Fault(self._why, self._skipped))
        self._skipped, self._why = 0, None
