"""Bytes of LifeScan's binary protocol to packets, messages to bytes; no clock, no I/O.

9600 8N1: `02 length link message 03 crc`, CRC-CCITT from FFFF over all before it, low byte first.
Facts: published tests and code of glucometerutils (tests/vectors/lifescan_binary.json). Nothing
that would change the meter, such as its clock or its memory, is ever said.
"""

from binascii import crc_hqx
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from peripherals.drivers.fault import Why
from peripherals.drivers.shape import ANY, Shape, ShapeCodec
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "lifescan-binary-1"
LINE = LineSetting(9600)

BEGIN, END = 0x02, 0x03
ENVELOPE_BYTES = 6
LONGEST_BYTES = 64
SEQUENCE, EXPECTS, ACKNOWLEDGES, DISCONNECTS, MORE = 0x01, 0x02, 0x04, 0x08, 0x10
LINK_BITS = SEQUENCE | EXPECTS | ACKNOWLEDGES | DISCONNECTS | MORE
CRC_FROM = 0xFFFF

SUCCESS, COUNT_ANSWER = b"\x05\x06", b"\x05\x0f"
READING_BYTES = len(SUCCESS) + 8
COUNT_BYTES = len(COUNT_ANSWER) + 2
READ_RECORD = b"\x05\x1f"
RECORD_THAT_IS_NONE = 501  # the meter holds 500; asked for this one it tells how many it has


class Question(Enum):
    """Questions without a number in them."""

    VERSION = b"\x05\x0d\x02"
    SERIAL_NUMBER = b"\x05\x0b\x02" + bytes(9)
    RECORD_COUNT = READ_RECORD + RECORD_THAT_IS_NONE.to_bytes(2, "little")


def read_record(number: int) -> bytes:
    return READ_RECORD + number.to_bytes(2, "little")


def encode(message: bytes, link: int) -> bytes:
    packet = bytes([BEGIN, len(message) + ENVELOPE_BYTES, link]) + message + bytes([END])
    return packet + crc_hqx(packet, CRC_FROM).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Packet:
    raw: bytes

    @property
    def link(self) -> int:
        return self.raw[2]

    @property
    def message(self) -> bytes:
        return self.raw[3:-3]


@dataclass(frozen=True, slots=True)
class Stored:
    """A reading of the meter's memory; its clock knows no zone."""

    wall_clock: datetime
    mg_per_dl: int


def stored_of(message: bytes) -> Stored | None:
    """None when the message is no reading."""
    if len(message) != READING_BYTES or not message.startswith(SUCCESS):
        return None
    seconds = int.from_bytes(message[2:6], "little")
    wall = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return Stored(wall, int.from_bytes(message[6:10], "little"))


def count_of(message: bytes) -> int | None:
    """None when the message tells no count."""
    if len(message) != COUNT_BYTES or not message.startswith(COUNT_ANSWER):
        return None
    return int.from_bytes(message[2:4], "little")


def serial_number_of(message: bytes) -> str | None:
    """None when the message is no serial number."""
    if not message.startswith(SUCCESS):
        return None
    text = message[len(SUCCESS) :]
    return text.decode("ascii") if text.isascii() and text.isalnum() else None


def version_of(message: bytes) -> str | None:
    """None when the message is no version."""
    text = message[len(SUCCESS) + 1 :]
    is_whole = message.startswith(SUCCESS) and message[2:3] == bytes([len(text)])
    return text.decode("ascii") if is_whole and text.isascii() else None


def _length_of(header: bytes) -> int:
    return header[1] if ENVELOPE_BYTES <= header[1] <= LONGEST_BYTES else 0


def _read(raw: bytes) -> Packet | Why:
    if crc_hqx(raw[:-2], CRC_FROM) != int.from_bytes(raw[-2:], "little"):
        return Why.BAD_CHECKSUM
    if raw[-3] != END or raw[2] & ~LINK_BITS:
        return Why.BAD_FIELD
    return Packet(raw)


def lifescan_codec() -> ShapeCodec[Packet]:
    return ShapeCodec(Shape((rb"\x02", ANY, ANY)), _read, _length_of)
