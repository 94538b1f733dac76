"""Curves as they cross between processes: envelopes of sound and columns of its spectrum.

Knows neither codec, number library nor Qt.
"""

from dataclasses import dataclass
from enum import IntEnum

PAIRS_PER_S = 240  # the least and the most of the sound, so often a second
STRIPS_PER_S = 30
STRIP_MAX_BYTES = 128
PAIR_BYTES = 4
SPECTRUM_TOP_HZ = 1000  # the last row of a column


class CurveKind(IntEnum):
    SOUND = 1  # `data`: pairs of 16 bit, least and most, in this machine's byte order
    SPECTRUM = 2  # `data`: a byte of loudness for each band, the lowest first


@dataclass(frozen=True, slots=True)
class Strip:
    """A thirtieth of a second. `curve` is another number for another recording.

    Empty `data` of a SOUND: a hole, `seconds` long.
    """

    curve: int
    kind: CurveKind
    at_s: float  # in the recording
    seconds: float
    data: bytes


@dataclass(frozen=True, slots=True)
class SoundShape:
    """A whole recording, to be drawn at any place: pairs from its begin on, and its columns.

    `peaks`: how loud it is at its loudest in each quarter of a second, 0 to 254.
    """

    seconds: float
    peaks: bytes
    pairs: bytes
    columns: bytes
    column_bytes: int
    columns_per_s: float
