"""Voice packets that carry an earlier one along, and apart again (RFC 2198).

What was said is there again when a packet is lost, for the price of its bytes alone: no header of
its own, no number used twice, so that loss and delay are measured as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MORE_FOLLOW = 0x80
LONGEST_AGO, MOST_BYTES = 0x3FFF, 0x3FF
HEADER_BYTES = 4
MOST_COPIES = 8  # what a far side may send in one packet before it is refused


@dataclass(frozen=True, slots=True)
class Copy:
    """An earlier payload, and by how many ticks of the RTP clock it is older."""

    ago: int
    payload: bytes


def packed(payload_type: int, payload: bytes, copies: Sequence[Copy] = ()) -> bytes:
    """`copies` oldest first; one that is too old or too long for a header is left out."""
    fitting = [one for one in copies if one.ago <= LONGEST_AGO and len(one.payload) <= MOST_BYTES]
    heads = b"".join(
        bytes((MORE_FOLLOW | payload_type,)) + (one.ago << 10 | len(one.payload)).to_bytes(3, "big")
        for one in fitting
    )
    return b"".join((heads, bytes((payload_type,)), *(one.payload for one in fitting), payload))


def unpacked(data: bytes) -> tuple[bytes, list[Copy]]:
    """(payload, copies oldest first), of whatever type; ValueError when it is no such packet."""
    at, heads = 0, list[tuple[int, int]]()
    while at < len(data) and data[at] & MORE_FOLLOW:
        head = int.from_bytes(data[at + 1 : at + HEADER_BYTES], "big")
        heads.append((head >> 10, head & MOST_BYTES))
        at += HEADER_BYTES
    at += 1
    if at > len(data) or len(heads) > MOST_COPIES:
        raise ValueError("no whole header")
    copies = []
    for ago, length in heads:
        copies.append(Copy(ago, data[at : at + length]))
        at += length
    if at > len(data):
        raise ValueError("shorter than it says")
    return data[at:], copies
