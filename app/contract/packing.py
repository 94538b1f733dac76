"""How bodies of the exchange are packed on the wire: Zstandard (RFC 8878), told in a header.

A server says with each answer that it takes packed bodies (Accept-Encoding in an answer: RFC 9110,
12.5.3); one that does not is sent plain ones. What holds a token is never packed: its length beside
words that somebody else may choose would tell of it.
"""

import zstandard

from app.domain.failures import Code, Rejected

PACKED = "zstd"
SMALLEST_BYTES = 1024  # below that packing saves nothing
LEVEL = 3
WINDOW_BYTES = 8 * 1024 * 1024  # what a reader must hold at most (RFC 8878, 3.1.1.1.2)


def packed(body: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(body)


def unpacked(data: bytes, most_bytes: int) -> bytes:
    """Rejected(TOO_LARGE) when it says to be larger, (MALFORMED) when it is not what it says.

    No more than `most_bytes` is ever made of it.
    """
    try:
        said = zstandard.frame_content_size(data)
        if said > most_bytes:
            raise Rejected(Code.TOO_LARGE, "a packed body")
        opened = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).stream_reader(data)
        body = opened.read(said + 1) if said >= 0 else b""
    except zstandard.ZstdError:
        raise Rejected(Code.MALFORMED, "a packed body") from None
    if said < 0 or len(body) != said:
        raise Rejected(Code.MALFORMED, "a packed body")
    return body
