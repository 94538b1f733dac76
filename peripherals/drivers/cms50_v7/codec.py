"""Bytes of Contec's protocol 7 to frames, commands to bytes; no clock, no I/O.

115200 8N1. A frame: its type, a byte with the high bits of those that follow, then seven bits each;
only the type has bit 7 clear. Facts: captures of headrotor/contec_data and of a CMS50D+ 4.6; layout
of the real-time frame from Contec's protocol 7.0 (tests/vectors/cms50_v7.json). No checksum.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from peripherals.drivers.fault import Why
from peripherals.drivers.shape import Shape, ShapeCodec
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "cms50-v7-2"
LINE = LineSetting(115_200)

COMMAND_HEAD, COMMAND_TAIL = b"\x7d\x81", b"\x80" * 6
REAL_TIME, TEXT, FREE, INDEX_SUPPORT = 0x01, 0x04, 0x0C, 0x0E
# Bytes of each frame, as captured. Of the others than the four above only the length is known.
LENGTHS = {
    REAL_TIME: 9,
    0x02: 9,
    0x03: 9,
    TEXT: 9,
    0x06: 4,
    FREE: 2,
    INDEX_SUPPORT: 3,
    0x0F: 8,
    0x11: 9,
    0x13: 9,
    0x14: 9,
}
FINGER_OUT, BEEP, SPO2_LOW, SEARCHING_LONG = 0x80, 0x40, 0x20, 0x10
SEARCHING = 0x80  # beside the pulse wave
INDEX_INVALID, BAR_RESERVED = 0x10, 0xE0
NO_PULSE, NO_SPO2 = {0, 0xFF}, {0, 0x7F}
MOST_PERCENT = 100
MOST_INDEX = 2000  # hundredths: a finger has 0.02 to 20 %
HIGH_BITS_RESERVED = 0x04 | 0x10  # the high bits of the bar and of SpO2


class Command(Enum):
    """The third byte of what the host says."""

    START_REAL_TIME = 0xA1
    STOP_REAL_TIME = 0xA2
    STOP_STORAGE = 0xA7
    IDENTITY = 0xAA
    KEEP_ALIVE = 0xAF


@dataclass(frozen=True, slots=True)
class RealTime:
    """A sixtieth of a second."""

    raw: bytes

    def _byte(self, place: int) -> int:
        return self.raw[2 + place] & 0x7F | (self.raw[1] >> place & 1) << 7

    @property
    def has_finger(self) -> bool:
        return not self._byte(0) & FINGER_OUT

    @property
    def strength(self) -> int:
        return self._byte(0) & 0x0F

    @property
    def is_searching(self) -> bool:
        return bool(self._byte(1) & SEARCHING or self._byte(0) & SEARCHING_LONG)

    @property
    def pleth(self) -> int:
        return self._byte(1) & 0x7F

    @property
    def bar(self) -> int:
        return self._byte(2) & 0x0F

    @property
    def has_index(self) -> bool:
        return not self._byte(2) & INDEX_INVALID

    @property
    def index_percent(self) -> Decimal | None:
        """In which order its two bytes stand is not published: told where only one can be meant."""
        if not self.has_index:
            return None
        one, other = self._byte(5), self._byte(6)
        possible = {n for n in (one << 8 | other, other << 8 | one) if 0 < n <= MOST_INDEX}
        return Decimal(possible.pop()) / 100 if len(possible) == 1 else None

    @property
    def pulse_per_minute(self) -> int | None:
        value = self._byte(3)
        return None if value in NO_PULSE else value

    @property
    def spo2_percent(self) -> int | None:
        value = self._byte(4)
        return None if value in NO_SPO2 else value


@dataclass(frozen=True, slots=True)
class Text:
    """The answer to the question for its identity; what stands there is a name given to it."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Free:
    """It has stopped, or had nothing to stop."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class IndexSupport:
    raw: bytes

    @property
    def has_index(self) -> bool:
        return not self.raw[2] & 1


@dataclass(frozen=True, slots=True)
class Other:
    """A frame of a kind that this driver does not need."""

    raw: bytes


Frame = RealTime | Text | Free | IndexSupport | Other

_KINDS: dict[int, type[Text | Free | IndexSupport]] = {
    TEXT: Text,
    FREE: Free,
    INDEX_SUPPORT: IndexSupport,
}
_SHAPE = Shape(
    *([rb"\x%02x" % kind, *[rb"[\x80-\xff]"] * (length - 1)] for kind, length in LENGTHS.items())
)


def encode(command: Command) -> bytes:
    return COMMAND_HEAD + bytes([command.value]) + COMMAND_TAIL


def _read(raw: bytes) -> Frame | Why:
    if raw[0] != REAL_TIME:
        return _KINDS.get(raw[0], Other)(raw)
    if raw[1] & HIGH_BITS_RESERVED or raw[4] & BAR_RESERVED & 0x7F:
        return Why.BAD_FIELD
    if MOST_PERCENT < raw[6] & 0x7F < 0x7F:
        return Why.BAD_FIELD
    return RealTime(raw)


def cms50_v7_codec() -> ShapeCodec[Frame]:
    return ShapeCodec(_SHAPE, _read)
