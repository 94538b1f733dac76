"""Blanks what may identify a patient in a device's bytes, before a trace is written.

Where a record stands whole, only its identifier goes; where it is not known what stands there,
every digit and letter does. Digits stay digits and letters letters: the form can still be seen.
"""

import re
from collections.abc import Callable

_BLANK = bytes(
    ord("0") if chr(n).isdigit() and n < 128 else ord("A") if chr(n).isalpha() or n > 127 else n
    for n in range(256)
)


def blanked(data: bytes) -> bytes:
    return data.translate(_BLANK)


def mask_of(record: re.Pattern[bytes]) -> Callable[[bytes], bytes]:
    """`record` matches a whole record; its group `id` is blanked, all outside of records too."""

    def masked(data: bytes) -> bytes:
        parts: list[bytes] = []
        place = 0
        for match in record.finditer(data):
            start, end = match.span("id")
            parts += [blanked(data[place : match.start()]), data[match.start() : start]]
            parts += [blanked(data[start:end]), data[end : match.end()]]
            place = match.end()
        return b"".join([*parts, blanked(data[place:])])

    return masked
