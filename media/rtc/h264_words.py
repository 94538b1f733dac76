"""What can be read of H.264 pictures without decoding (RFC 6184, 5.2 to 5.8; ITU-T H.264, 7.3).

A picture is all units of one timestamp; one that needs no other begins with its sequence parameter
set, as browsers and libx264 send it. Bytes of the far side: nothing is believed that is not there.
"""

SLICE, KEY_SLICE, EXTRA, SEQUENCE, DELIMITER = 1, 5, 6, 7, 9
SEVERAL, PART = 24, 28  # STAP-A, FU-A
KIND, FIRST_PART = 0x1F, 0x80
LENGTH_BYTES = 2  # before each unit of several
MOST_MARKS = 8  # before a picture; who sends more sends no picture
FIRST_OF_PICTURE = 0x80  # of a slice: its first macroblock is number 0, which is one bit
BEGIN_CODE = b"\x00\x00\x01"


def begins_frame(payload: bytes) -> bool:
    """Whether a picture can begin with this payload; one that has a part of it before can, too."""
    kind, behind = _first_unit(payload)
    if kind in (SLICE, KEY_SLICE):
        return len(behind) > 0 and bool(behind[0] & FIRST_OF_PICTURE)
    return kind in (EXTRA, SEQUENCE, DELIMITER)


def begins_key_packet(payload: bytes) -> bool:
    """Whether this payload begins with what only a picture that needs no other has."""
    return _first_unit(payload)[0] == SEQUENCE


def begins_key_frame(data: bytes) -> bool:
    """Whether a picture that begins so, its units with begin codes between, needs no other."""
    return _kind_of(data) == SEQUENCE


def needs_others(data: bytes) -> bool:
    """A picture without parameter sets of its own."""
    return _kind_of(data) in (SLICE, KEY_SLICE, EXTRA)


def _kind_of(data: bytes) -> int | None:
    """Of the first unit that is more than a mark between two pictures."""
    at = 0
    for _ in range(MOST_MARKS):
        if (at := data.find(BEGIN_CODE, at)) < 0:
            break
        at += len(BEGIN_CODE)
        if at < len(data) and data[at] & KIND != DELIMITER:
            return data[at] & KIND
    return None


def _first_unit(payload: bytes) -> tuple[int, bytes]:
    """Kind of the unit that begins first in this payload, and its bytes behind that; 0: none."""
    kind = payload[0] & KIND if payload else 0
    if kind == SEVERAL:
        unit = payload[1 + LENGTH_BYTES :]
        return (unit[0] & KIND, unit[1:]) if unit else (0, b"")
    if kind == PART:
        begins = len(payload) > 1 and payload[1] & FIRST_PART
        return (payload[1] & KIND, payload[2:]) if begins else (0, b"")
    return (kind, payload[1:]) if kind < SEVERAL else (0, b"")
