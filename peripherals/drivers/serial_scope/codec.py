"""Bytes of our serial stethoscope framing to blocks of sound and back; no clock, no I/O.

`A5 5A`, version 1, type 1, sequence (u16), rate code, gain, filter, sample count, samples (int16),
CRC-CCITT from FFFF over all between the mark and the CRC; numbers have their low byte first. A
block is 20 ms: docs/driver-notes.md.
"""

from binascii import crc_hqx
from dataclasses import dataclass

from peripherals.drivers.fault import Why
from peripherals.drivers.shape import ANY, Shape, ShapeCodec
from peripherals.line_setting import LineSetting

DRIVER_VERSION = "serial-scope-1"
LINE = LineSetting(230_400)  # 8 kHz needs 16.6 kB a second
OTHER_LINES = (LineSetting(115_200),)  # up to 4 kHz

MARK = b"\xa5\x5a"
VERSION, SOUND = 1, 1
RATE_OF_CODE = {1: 2000, 2: 4000, 3: 8000}
CODE_OF_RATE = {rate: code for code, rate in RATE_OF_CODE.items()}
BLOCKS_PER_S = 50
UNFILTERED = 0
HEADER = (rb"\xa5", rb"\x5a", rb"\x01", rb"\x01", ANY, ANY, ANY, ANY, ANY, ANY)
HEADER_BYTES = len(HEADER)
CRC_BYTES = 2
SAMPLE_BYTES = 2
CRC_FROM = 0xFFFF


@dataclass(frozen=True, slots=True)
class Block:
    """20 ms as the device delivered them, bit for bit."""

    raw: bytes

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.raw[4:6], "little")

    @property
    def rate_hz(self) -> int:
        return RATE_OF_CODE[self.raw[6]]

    @property
    def gain_db(self) -> int:
        """Above the device's lowest."""
        return self.raw[7]

    @property
    def is_filtered(self) -> bool:
        """The device has a filter of its own switched on: what it gives is not the raw sound."""
        return self.raw[8] != UNFILTERED

    @property
    def samples(self) -> bytes:
        """PCM, 16 bit, low byte first, one channel."""
        return self.raw[HEADER_BYTES:-CRC_BYTES]


def encode(
    sequence: int, rate_hz: int, samples: bytes, gain_db: int = 0, filter_code: int = UNFILTERED
) -> bytes:
    count = len(samples) // SAMPLE_BYTES
    inside = bytes([VERSION, SOUND]) + sequence.to_bytes(2, "little")
    inside += bytes([CODE_OF_RATE[rate_hz], gain_db, filter_code, count]) + samples
    return MARK + inside + crc_hqx(inside, CRC_FROM).to_bytes(CRC_BYTES, "little")


def _length_of(header: bytes) -> int:
    rate_hz = RATE_OF_CODE.get(header[6], 0)
    fits = rate_hz > 0 and header[9] == rate_hz // BLOCKS_PER_S
    return HEADER_BYTES + header[9] * SAMPLE_BYTES + CRC_BYTES if fits else 0


def _read(raw: bytes) -> Block | Why:
    told = int.from_bytes(raw[-CRC_BYTES:], "little")
    return Block(raw) if crc_hqx(raw[2:-CRC_BYTES], CRC_FROM) == told else Why.BAD_CHECKSUM


def serial_scope_codec() -> ShapeCodec[Block]:
    return ShapeCodec(Shape(HEADER), _read, _length_of)
