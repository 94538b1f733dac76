"""Transport-wide feedback taken out of compound RTCP before stock, which would read it as a list of
lost packets, sees it.
"""

from media.quality.transport_feedback import FORMAT, PAYLOAD_TYPE

VERSION_MASK, VERSION = 0xC0, 0x80
FORMAT_MASK = 0x1F


def taken_out(data: bytes) -> tuple[list[bytes], bytes]:
    """The feedback packets, and all else as it came; cut short, the rest is stock's to refuse."""
    feedbacks: list[bytes] = []
    left, at = b"", 0
    while at + 4 <= len(data) and data[at] & VERSION_MASK == VERSION:
        end = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
        if end > len(data):
            break
        if data[at + 1] == PAYLOAD_TYPE and data[at] & FORMAT_MASK == FORMAT:
            feedbacks.append(data[at:end])
        else:
            left += data[at:end]
        at = end
    return feedbacks, left + data[at:]
