"""What can be told of a VP8 picture by its first bytes."""

from media.rtc.vp8_words import begins_frame, begins_key_frame, needs_others


def key(width: int, height: int) -> bytes:
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"\x10\x00\x00\x9d\x01\x2a" + size


def test_where_a_frame_begins() -> None:
    assert begins_frame(b"\x10")
    assert begins_frame(b"\x90\x80\x81\x23")  # extended
    assert begins_frame(b"\x38")  # reserved bits
    assert not begins_frame(b"\x00")
    assert not begins_frame(b"\x11")  # the second partition
    assert not begins_frame(b"")


def test_what_is_a_key_frame() -> None:
    assert begins_key_frame(key(640, 480))
    assert begins_key_frame(key(1280 | 0xC000, 720))  # two bits of scaling
    assert not begins_key_frame(key(640, 480)[:9])
    assert not begins_key_frame(b"\x11" + key(640, 480)[1:])
    assert not begins_key_frame(key(640, 480).replace(b"\x2a", b"\x2b"))
    assert not begins_key_frame(key(0, 480))
    assert not begins_key_frame(key(16383, 16383))  # 400 MB


def test_what_needs_others() -> None:
    assert needs_others(b"\x11")
    assert not needs_others(b"\x10")
    assert not needs_others(b"")
