"""A STUN message that cannot be read is one thing: ValueError, which stock passes over.

Stock's reader lets `struct.error` out of an attribute cut short, in the middle of the loop, and
anybody who can reach the port may send one.
"""

import struct

from aioice import stun

_stock = stun.parse_message


def parse_message(data: bytes) -> stun.Message:
    """As stock's (RFC 8489, 5); ValueError for all that is none."""
    try:
        return _stock(data)
    except (struct.error, IndexError) as error:
        raise ValueError("STUN message cut short") from error


def install() -> None:
    stun.parse_message = parse_message
