"""Bytes of a SureTemp Plus module to frames, commands to bytes; no clock, no I/O.

9600 8N1; `03 02 10`, command class, type (1 command, 2 good reply), size, data, and a byte that
makes the sum of all 0. Facts: OEM implementation manual (tests/vectors/welchallyn_suretemp.json).
"""

import math
import struct
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from peripherals.drivers.fault import Why
from peripherals.drivers.shape import ANY, Shape, ShapeCodec
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "welchallyn-suretemp-1"
LINE = LineSetting(9600)

HEAD = b"\x03\x02\x10"
COMMAND, GOOD_REPLY = 1, 2
HEADER = (rb"\x03", rb"\x02", rb"\x10", ANY, ANY, ANY, ANY, ANY)
HEADER_BYTES = len(HEADER)
DATA_MOST_BYTES = 64
RECORD_BYTES = {19, 33}  # the manual's longer one begins like the shorter one
READY = 2
ZERO_CELSIUS_K = Decimal("273.15")
HUNDREDTH, MILLIONTH = Decimal("0.01"), Decimal("0.000001")
FINAL_AT, PROBE_AT = 8, 12


class CommandClass(Enum):
    SEND_RECORD = 0x941C


@dataclass(frozen=True, slots=True)
class Record:
    """What the module measures. The meaning of states other than ready is not published."""

    raw: bytes

    @property
    def final_celsius(self) -> Decimal | None:
        """None: there is no result yet; the module then says 0 K."""
        kelvin = _kelvin(self.raw, FINAL_AT)
        return (Decimal(kelvin) - ZERO_CELSIUS_K).quantize(HUNDREDTH) if kelvin else None

    @property
    def final_kelvin(self) -> Decimal:
        """As it stands there, 0 for none."""
        return Decimal(_kelvin(self.raw, FINAL_AT)).quantize(MILLIONTH)

    @property
    def probe_kelvin(self) -> Decimal:
        return Decimal(_kelvin(self.raw, PROBE_AT)).quantize(MILLIONTH)

    @property
    def samples(self) -> int:
        return self.raw[16]

    @property
    def is_predicted_orally(self) -> bool:
        """Method and algorithm are both 0; where the one ends and the other begins is not known."""
        return not any(self.raw[17:22])

    @property
    def state(self) -> int:
        return self.raw[22]

    @property
    def error(self) -> int:
        return int.from_bytes(self.raw[23:25], "little")

    @property
    def is_active(self) -> bool:
        return bool(self.raw[25])


@dataclass(frozen=True, slots=True)
class Reply:
    """A good reply to another command, without a temperature."""

    command_class: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that is not a good one."""

    type: int
    raw: bytes


Frame = Record | Reply | Refusal


def encode(command: CommandClass) -> bytes:
    frame = HEAD + command.value.to_bytes(2, "big") + bytes([COMMAND, 0, 0])
    return frame + bytes([-sum(frame) & 0xFF])


def _kelvin(raw: bytes, offset: int) -> float:
    (value,) = struct.unpack_from("<f", raw, offset)
    return float(value)


def _length_of(header: bytes) -> int:
    size = int.from_bytes(header[6:8], "little")
    return HEADER_BYTES + size + 1 if size <= DATA_MOST_BYTES else 0


def _read(raw: bytes) -> Frame | Why:
    if sum(raw) & 0xFF:
        return Why.BAD_CHECKSUM
    command_class, kind = int.from_bytes(raw[3:5], "big"), raw[5]
    if kind != GOOD_REPLY:
        return Refusal(kind, raw)
    size = len(raw) - HEADER_BYTES - 1
    if command_class != CommandClass.SEND_RECORD.value:
        return Reply(command_class, raw)
    if size not in RECORD_BYTES:
        return Why.BAD_FIELD
    can_be = all(_is_temperature(_kelvin(raw, offset)) for offset in (FINAL_AT, PROBE_AT))
    return Record(raw) if can_be else Why.BAD_FIELD


def _is_temperature(kelvin: float) -> bool:
    return math.isfinite(kelvin) and 0 <= kelvin < 1000


def suretemp_codec() -> ShapeCodec[Frame]:
    return ShapeCodec(Shape(HEADER), _read, _length_of)
