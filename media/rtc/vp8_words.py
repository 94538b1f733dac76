"""What can be read of a VP8 picture without decoding it (RFC 7741, 4.2; RFC 6386, 9.1).

Bytes of the far side: nothing is believed that is not there.
"""

START_OF_FRAME = 0x17, 0x10  # S set, partition 0; the reserved bits are not looked at
INTER_FRAME = 0x01
START_CODE = b"\x9d\x01\x2a"
KEY_HEADER_BYTES = 10
MOST_PIXELS = 4096 * 2304  # a key frame of 16383 x 16383 would take 400 MB to decode


def begins_frame(payload: bytes) -> bool:
    """Whether this payload holds a frame's first byte."""
    mask, start = START_OF_FRAME
    return len(payload) > 0 and payload[0] & mask == start


def picture_data(payload: bytes) -> bytes:
    """What of a picture this payload holds, if it holds its first byte; else nothing."""
    if not begins_frame(payload):
        return b""
    place = 1
    if payload[0] & 0x80:  # X: I, L, T and K tell what follows
        told = payload[1] if len(payload) > 1 else 0
        place += 1
        if told & 0x80:
            place += 2 if len(payload) > place and payload[place] & 0x80 else 1
        place += bool(told & 0x40) + bool(told & 0x30)
    return payload[place:]


def begins_key_packet(payload: bytes) -> bool:
    """Whether this payload holds the beginning of a picture that needs no other."""
    return begins_key_frame(picture_data(payload))


def begins_key_frame(data: bytes) -> bool:
    """Whether a frame that begins so needs no other before it, and is of a size we decode."""
    if len(data) < KEY_HEADER_BYTES or data[0] & INTER_FRAME or data[3:6] != START_CODE:
        return False
    width = int.from_bytes(data[6:8], "little") & 0x3FFF
    height = int.from_bytes(data[8:10], "little") & 0x3FFF
    return 0 < width * height <= MOST_PIXELS


def needs_others(data: bytes) -> bool:
    """An inter frame; neither it nor a key frame is what begins as a key frame and is none."""
    return len(data) > 0 and bool(data[0] & INTER_FRAME)
