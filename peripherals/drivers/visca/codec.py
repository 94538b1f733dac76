"""VISCA over a serial line: what a camera answers as frames, what it is told as bytes; no I/O.

From the command list of Sony's EVI-D70 technical manual. A packet is a header, at most 14 bytes and
FF; nothing in it checks it, so what does not fit is a fault and never an answer.
"""

from dataclasses import dataclass
from enum import Enum

from peripherals.drivers.fault import Fault, Why
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "1"
LINE = LineSetting(9600)
TERMINATOR = 0xFF
PACKET_MOST_BYTES = 16
FIRST_REPLY, LAST_REPLY = 0x90, 0xF0  # from camera 1 to 7, to the controller
BROADCAST = 0x88  # a word that went round the whole chain comes back


class Command(Enum):
    """To the camera at address 1, without header and terminator."""

    CLEAR = bytes.fromhex("010001")
    ASK_VERSION = bytes.fromhex("090002")
    ZOOM_STOP = bytes.fromhex("01040700")
    ZOOM_TELE = bytes.fromhex("01040702")
    ZOOM_WIDE = bytes.fromhex("01040703")
    FOCUS_STOP = bytes.fromhex("01040800")
    FOCUS_FAR = bytes.fromhex("01040802")
    FOCUS_NEAR = bytes.fromhex("01040803")
    FOCUS_AUTO = bytes.fromhex("01043802")
    FOCUS_MANUAL = bytes.fromhex("01043803")
    UP = bytes.fromhex("01060106050301")  # pan speed 6 of 24, tilt speed 5 of 23
    DOWN = bytes.fromhex("01060106050302")
    LEFT = bytes.fromhex("01060106050103")
    RIGHT = bytes.fromhex("01060106050203")
    TURN_STOP = bytes.fromhex("01060106050303")


def encode(command: Command, address: int = 1) -> bytes:
    return bytes([0x80 | address]) + command.value + bytes([TERMINATOR])


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """It was taken and is being carried out."""

    socket: int


@dataclass(frozen=True, slots=True)
class Completed:
    """It was carried out; with `data` it answers an inquiry."""

    socket: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a command is not carried out, in the camera's own numbers."""

    socket: int
    why: int


@dataclass(frozen=True, slots=True)
class Other:
    """A whole packet that answers nothing: a broadcast, or news of the chain."""

    data: bytes


NOT_EXECUTABLE, BUFFER_FULL, SYNTAX = 0x41, 0x03, 0x02

Frame = Acknowledged | Completed | Refused | Other


class ViscaCodec:
    """However the bytes are cut, the same frames and faults come out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost = 0

    @property
    def buffered_bytes(self) -> int:
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        for byte in data:
            if not self._buffer and not _is_header(byte):
                self._lost += 1
                continue
            if not self._buffer and self._lost:
                found.append(Fault(Why.LOST_BYTES, self._lost))
                self._lost = 0
            self._buffer.append(byte)
            if byte == TERMINATOR:
                found.append(_frame_of(bytes(self._buffer)))
                self._buffer.clear()
            elif len(self._buffer) >= PACKET_MOST_BYTES:
                found.append(Fault(Why.BAD_LENGTH, len(self._buffer)))
                self._buffer.clear()
        return found

    def idle(self) -> list[Frame | Fault]:
        found: list[Frame | Fault] = []
        if self._lost:
            found.append(Fault(Why.LOST_BYTES, self._lost))
        if self._buffer:
            found.append(Fault(Why.CUT_SHORT, len(self._buffer)))
        self._buffer.clear()
        self._lost = 0
        return found


def _is_header(byte: int) -> bool:
    return byte == BROADCAST or (FIRST_REPLY <= byte <= LAST_REPLY and not byte & 0x0F)


def _frame_of(packet: bytes) -> Frame | Fault:
    """Of a packet with header and terminator."""
    data = packet[1:-1]
    if not data:
        return Fault(Why.BAD_LENGTH, len(packet))
    kind, socket = data[0] & 0xF0, data[0] & 0x0F
    if packet[0] == BROADCAST or data == b"\x38":
        return Other(data)
    if kind == 0x40 and len(data) == 1:
        return Acknowledged(socket)
    if kind == 0x50:
        return Completed(socket, data[1:])
    if kind == 0x60 and len(data) == 2:
        return Refused(socket, data[1])
    return Fault(Why.BAD_FIELD, len(packet))
