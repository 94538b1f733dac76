"""Bytes of Nonin's data format 7 to packets; no clock, no I/O.

9600 8N1, 75 frames a second: `status pleth-high pleth-low part checksum`, no byte that always is
the same. Facts: tests/vectors/nonin_df7.json, built from the documented layout.
"""

from typing import ClassVar

from peripherals.drivers.fault import Why
from peripherals.drivers.nonin.packets import (
    FRAME_BYTES,
    FRAMES,
    Packet,
    statuses,
    why_no_packet,
)
from peripherals.drivers.nonin.words import ANSWER_BYTES, ANSWER_SHAPE, Answer
from peripherals.drivers.shape import ANY, Shape, ShapeCodec

DRIVER_VERSION = "nonin-df7-1"
FORMAT = 7
STATUS_AT = 0


class Df7Packet(Packet):
    """Two bytes of pulse wave in each frame."""

    __slots__ = ()
    status_at: ClassVar[int] = STATUS_AT

    @property
    def pleth(self) -> list[int]:
        pairs = zip(self.raw[1::FRAME_BYTES], self.raw[2::FRAME_BYTES], strict=True)
        return [high << 8 | low for high, low in pairs]


_FIRST = [statuses(is_first=True), ANY, ANY, ANY, ANY]
_OTHER = [statuses(is_first=False), ANY, ANY, ANY, ANY]
_SHAPE = Shape(_FIRST + _OTHER * (FRAMES - 1), ANSWER_SHAPE)


def _read(raw: bytes) -> Df7Packet | Answer | Why:
    if len(raw) == ANSWER_BYTES:
        return Answer(raw)
    return why_no_packet(raw, STATUS_AT) or Df7Packet(raw)


def _why_begun(raw: bytes) -> Why:
    return why_no_packet(raw, STATUS_AT) or Why.CUT_SHORT


def df7_codec() -> ShapeCodec[Df7Packet | Answer]:
    return ShapeCodec(_SHAPE, _read, why_begun=_why_begun)
