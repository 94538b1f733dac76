"""Header extensions of RTP packets as they lie in the bytes (RFC 8285): found, read, overwritten.

Transport number and sending time are only true at the moment a packet leaves, after it was made.
"""

import struct

ONE_BYTE_FORM, TWO_BYTE_FORM = b"\xbe\xde", b"\x10\x00"
HEADER_BYTES = 12
HAS_EXTENSION, SOURCES = 0x10, 0x0F


def payload_at(data: bytes) -> int:
    """Where the payload begins; beyond the end when the packet is cut short."""
    at = HEADER_BYTES + 4 * (data[0] & SOURCES)
    if data[0] & HAS_EXTENSION and len(data) >= at + 4:
        at += 4 + 4 * (data[at + 2] << 8 | data[at + 3])
    return at


def value_at(data: bytes | bytearray, wanted: int, length: int) -> int:
    """Where the value of that extension lies; 0 when there is none of that length."""
    at = HEADER_BYTES + 4 * (data[0] & SOURCES)
    if not wanted or not data[0] & HAS_EXTENSION or len(data) < at + 4:
        return 0
    form = data[at : at + 2]
    end = min(len(data), at + 4 + 4 * (data[at + 2] << 8 | data[at + 3]))
    at += 4
    if form not in (ONE_BYTE_FORM, TWO_BYTE_FORM):
        return 0
    is_short = form == ONE_BYTE_FORM
    while at < end:
        if not data[at]:
            at += 1  # padding
            continue
        if is_short:
            name, size = data[at] >> 4, (data[at] & 0x0F) + 1
            at += 1
        elif at + 2 <= end:
            name, size = data[at], data[at + 1]
            at += 2
        else:
            return 0
        if name == wanted:
            return at if size == length and at + size <= end else 0
        at += size
    return 0


def number_of(data: bytes, name: int) -> int | None:
    """The transport number of a packet that came."""
    at = value_at(data, name, 2)
    return data[at] << 8 | data[at + 1] if at else None


def stamped(data: bytes, number_name: int, number: int, time_name: int, time_24: int) -> bytes:
    """With transport number and sending time (6.18 fixed point seconds) where room was made."""
    number_at, time_at = value_at(data, number_name, 2), value_at(data, time_name, 3)
    if not number_at and not time_at:
        return data
    changed = bytearray(data)
    if number_at:
        struct.pack_into("!H", changed, number_at, number)
    if time_at:
        changed[time_at : time_at + 3] = time_24.to_bytes(3, "big")
    return bytes(changed)
