"""Bytes that became no frame, in every codec."""

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """What was wrong with them."""

    LOST_BYTES = "lost-bytes"  # no frame began there
    BAD_LENGTH = "bad-length"
    BAD_CHECKSUM = "bad-checksum"
    BAD_FIELD = "bad-field"  # a width, digit, reserved bit, calendar date or value that cannot be
    CUT_SHORT = "cut-short"  # the rest of a frame never came


@dataclass(frozen=True, slots=True)
class Fault:
    """A run of bytes that was passed over; told before the next frame, or when the line is idle."""

    why: Why
    byte_count: int
