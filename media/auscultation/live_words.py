"""The packets of the live way: sound as it is made, and what of it came. Each may be lost.

In network order, one kind by its first byte; the four bytes after it are the recording's handle,
which its header names. What cannot be read is Rejected.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId
from media.auscultation.sound_blocks import Range

REPORT = 4
MOST_PACKET_BYTES = 1160  # with RTP, SRTP, UDP, a relay's and a tunnel's headers below 1280
MOST_RANGES = 60
_HEAD = struct.Struct("!BI")
_PIECE = struct.Struct("!IH")
_REPORT = struct.Struct("!IIIB")
_RANGE = struct.Struct("!IH")
MOST_RANGE = 0xFFFF


class Kind(IntEnum):
    LIVE = 1  # the record itself, as it is made
    MONITOR = 2  # the same sound with fewer samples
    REPAIR = 3  # of the record: what did not arrive, or never went


@dataclass(frozen=True, slots=True)
class Piece:
    """`number`: of the block; of a monitor's the milliseconds from the recording's begin."""

    number: int
    coded: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    kind: Kind
    handle: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Blocks below `wanted` are here; of those below `until` exactly the `missing` are not."""

    handle: int
    wanted: int
    until: int
    newest: int
    missing: tuple[Range, ...]


def handle_of(recording: RecordId) -> int:
    return int.from_bytes(recording.bytes[:4], "big")


def packets_of(kind: Kind, handle: int, pieces: Sequence[Piece]) -> list[bytes]:
    """As few as hold them."""
    head = _HEAD.pack(kind, handle)
    packets: list[bytearray] = []
    for piece in pieces:
        size = _PIECE.size + len(piece.coded)
        if not packets or len(packets[-1]) + size > MOST_PACKET_BYTES:
            packets.append(bytearray(head))
        packets[-1] += _PIECE.pack(piece.number, len(piece.coded)) + piece.coded
    return [bytes(packet) for packet in packets]


def report_bytes(report: Report) -> bytes:
    data = bytearray(_HEAD.pack(REPORT, report.handle))
    count = len(report.missing)
    data += _REPORT.pack(report.wanted, report.until, report.newest, count)
    for first, length in report.missing:
        data += _RANGE.pack(first, min(length, MOST_RANGE))
    return bytes(data)


def live_word_of(data: bytes) -> Sound | Report:
    """Rejected(MALFORMED | TOO_LARGE)."""
    if len(data) > MOST_PACKET_BYTES:
        raise Rejected(Code.TOO_LARGE, "live packet")
    try:
        kind, handle = _HEAD.unpack_from(data)
        if kind == REPORT:
            return _report_of(handle, data)
        return Sound(Kind(kind), handle, tuple(_pieces_of(data)))
    except (struct.error, ValueError) as error:
        raise Rejected(Code.MALFORMED, "live packet") from error


def _pieces_of(data: bytes) -> list[Piece]:
    pieces, at = [], _HEAD.size
    while at < len(data):
        number, size = _PIECE.unpack_from(data, at)
        at += _PIECE.size
        if not size or at + size > len(data):
            raise ValueError("piece")
        pieces.append(Piece(number, data[at : at + size]))
        at += size
    return pieces


def _report_of(handle: int, data: bytes) -> Report:
    wanted, until, newest, count = _REPORT.unpack_from(data, _HEAD.size)
    at = _HEAD.size + _REPORT.size
    if len(data) != at + count * _RANGE.size or not wanted <= until <= newest:
        raise ValueError("report")
    missing = tuple(
        (first, length) for first, length in _RANGE.iter_unpack(data[at:]) if length > 0
    )
    return Report(handle, wanted, until, newest, missing)
