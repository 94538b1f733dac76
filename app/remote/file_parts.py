"""The headers of uploads in parts (tus 1.0.0) and of fetches in ranges, as a client says and reads
them. An answer that is not of the protocol is Unavailable: a proxy's, another server's."""

import re
from collections.abc import Mapping

from app.contract.uploads import (
    CHECKSUM_HEADER,
    LENGTH_HEADER,
    METADATA_HEADER,
    OFFSET_HEADER,
    PART_TYPE,
    TUS_VERSION,
    VERSION_HEADER,
    checksum_of,
    count_in,
    metadata_of,
)
from app.domain.failures import Code, Unavailable
from app.domain.server_words import ArrivingPart

WHOLE, PARTIAL, PAST_THE_END = 200, 206, 416
RANGE = re.compile(r"bytes (?:(\d{1,15})-\d{1,15}|\*)/(\d{1,15})")


def words_to_begin(file_sha256: str, byte_count: int) -> dict[str, str]:
    return {
        VERSION_HEADER: TUS_VERSION,
        LENGTH_HEADER: str(byte_count),
        METADATA_HEADER: metadata_of(file_sha256),
    }


def words_of_part(start: int, part: bytes) -> dict[str, str]:
    return {
        VERSION_HEADER: TUS_VERSION,
        OFFSET_HEADER: str(start),
        CHECKSUM_HEADER: checksum_of(part),
        "content-type": PART_TYPE,
        "content-length": str(len(part)),
    }


def offset_told(headers: Mapping[str, str], most: int) -> int:
    """How much the server has; never more than there can be."""
    try:
        offset = count_in(headers, OFFSET_HEADER)
    except ValueError as error:
        raise Unavailable(Code.SERVER_ERROR, "an upload without an offset") from error
    if offset > most:
        raise Unavailable(Code.SERVER_ERROR, "an offset past the end")
    return offset


def part_told(status: int, headers: Mapping[str, str], content: bytes, start: int) -> ArrivingPart:
    """What came, which begins at `start`."""
    if status == WHOLE and start == 0:  # whoever stands between knows no ranges
        return ArrivingPart(content, len(content))
    told = RANGE.fullmatch(headers.get("content-range", ""))
    if told is None or status not in (PARTIAL, PAST_THE_END):
        raise Unavailable(Code.SERVER_ERROR, "a range that was not asked for")
    if status == PAST_THE_END:
        return ArrivingPart(b"", int(told[2]))
    if told[1] is None or int(told[1]) != start or not content:
        raise Unavailable(Code.SERVER_ERROR, "a range that was not asked for")
    return ArrivingPart(content, int(told[2]))
