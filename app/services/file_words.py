"""Parts of files over the call: {"kind": "file-want", "part": sha256, "from": 0} asks for pieces,
{"kind": "file-piece", "part": sha256, "from": 0, "data": base64} is one.

The asking holds the pace: nothing comes unasked, one asking brings at most ASKED_BYTES.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from app.domain.changes import Json
from app.domain.failures import Code, Rejected

WANT, PIECE = "file-want", "file-piece"
PIECE_BYTES = 3_000
PIECES_ASKED = 8
ASKED_BYTES = PIECE_BYTES * PIECES_ASKED
RATE_BITS_S = 64_000  # beside the voice, which is more pressing
PIECE_PAUSE_S = (PIECE_BYTES * 4 / 3 + 150) * 8 / RATE_BITS_S
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Want:
    part: str
    start: int


@dataclass(frozen=True, slots=True)
class Piece:
    part: str
    start: int
    data: bytes


def word_of(said: Want | Piece) -> dict[str, Json]:
    if isinstance(said, Want):
        return {"kind": WANT, "part": said.part, "from": said.start}
    data = base64.b64encode(said.data).decode()
    return {"kind": PIECE, "part": said.part, "from": said.start, "data": data}


def said_in(word: dict[str, Json]) -> Want | Piece | None:
    """None: it is a word of another kind. Rejected(MALFORMED) when it makes no sense."""
    if word.get("kind") not in (WANT, PIECE):
        return None
    part, start = word.get("part"), word.get("from")
    if not isinstance(part, str) or not NAME.fullmatch(part):
        raise Rejected(Code.MALFORMED, "file word")
    if type(start) is not int or not 0 <= start < 2**32:
        raise Rejected(Code.MALFORMED, "file word")
    if word["kind"] == WANT:
        return Want(part, start)
    data = word.get("data")
    if not isinstance(data, str) or len(data) > 2 * PIECE_BYTES:
        raise Rejected(Code.MALFORMED, "file word")
    try:
        return Piece(part, start, base64.b64decode(data, validate=True))
    except (ValueError, binascii.Error) as error:
        raise Rejected(Code.MALFORMED, "file word") from error


def pieces_of(data: bytes, want: Want) -> list[Piece]:
    """What one asking brings."""
    ends = range(want.start, min(len(data), want.start + ASKED_BYTES), PIECE_BYTES)
    return [Piece(want.part, at, data[at : at + PIECE_BYTES]) for at in ends]
