"""Each RTP number of a source is protected once and never again, whatever the far side asks for.

A nonce is made of source and number (RFC 7714, 8.1): the same number under another header gives the
authentication key away. Stock repeats the voice so. Repeats of a picture have their own numbers.
"""

from media.rtc.packet_numbers import NUMBERS, nearest


class SentOnce:
    """Of one connection, told all RTP packets that are to leave, in their order."""

    def __init__(self) -> None:
        self._newest: dict[int, int] = {}  # by source: our own, so they are few

    def is_new(self, data: bytes) -> bool:
        """Whether it may leave: its number is above all of its source that left before."""
        number, source = int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")
        newest = self._newest.get(source)
        if newest is not None and nearest(number, newest, NUMBERS) <= newest:
            return False
        self._newest[source] = number
        return True
