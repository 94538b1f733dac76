"""RTP's numbers go round (RFC 3550, 5.1): here they are made to go on for ever."""

NUMBERS = 0x10000
STAMPS = 0x1_0000_0000
PICTURE_HZ, VOICE_HZ = 90_000, 48_000


def nearest(value: int, near: int, span: int) -> int:
    """The number of which `value` is the remainder (of `span`) that lies nearest to `near`."""
    return near + (value - near + span // 2) % span - span // 2
