"""Bytes of Nonin's data format 2 to packets; no clock, no I/O.

9600 8N1, 75 frames a second: `01 status pleth part checksum`, the sum of the four bytes before it.
Facts: published tests of pez-globo/pufferfish-software; Nonin's 9560 specification.
"""

from typing import ClassVar

from peripherals.drivers.fault import Why
from peripherals.drivers.nonin.packets import (
    DISCONNECTED,
    FRAME_BYTES,
    FRAMES,
    Packet,
    statuses,
    why_no_packet,
)
from peripherals.drivers.nonin.words import ANSWER_BYTES, ANSWER_SHAPE, Answer
from peripherals.drivers.shape import ANY, Shape, ShapeCodec

DRIVER_VERSION = "nonin-df2-1"
DRIVER_VERSION_9560 = "nonin-9560-1"
FORMAT = 2
STATUS_AT = 1


class Df2Packet(Packet):
    """One byte of pulse wave in each frame."""

    __slots__ = ()
    status_at: ClassVar[int] = STATUS_AT

    @property
    def pleth(self) -> bytes:
        return self.raw[2::FRAME_BYTES]


def _classes(reserved: int) -> list[bytes]:
    first = [rb"\x01", statuses(is_first=True, reserved=reserved), ANY, ANY, ANY]
    other = [rb"\x01", statuses(is_first=False, reserved=reserved), ANY, ANY, ANY]
    return first + other * (FRAMES - 1)


_OEM = Shape(_classes(0))
_9560 = Shape(_classes(DISCONNECTED), ANSWER_SHAPE)  # there the bit is reserved


def _read(raw: bytes) -> Df2Packet | Answer | Why:
    if len(raw) == ANSWER_BYTES:
        return Answer(raw)
    return why_no_packet(raw, STATUS_AT) or Df2Packet(raw)


def _why_begun(raw: bytes) -> Why:
    return why_no_packet(raw, STATUS_AT) or Why.CUT_SHORT


def df2_codec() -> ShapeCodec[Df2Packet | Answer]:
    """For a device that sends this format unasked and is told nothing."""
    return ShapeCodec(_OEM, _read, why_begun=_why_begun)


def df2_of_9560_codec() -> ShapeCodec[Df2Packet | Answer]:
    """It also answers when it is told which format to send."""
    return ShapeCodec(_9560, _read, why_begun=_why_begun)
