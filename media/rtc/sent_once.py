"""Each RTP number of a source is protected once and never again, whatever the far side asks for.

A packet's nonce is made of source and number (RFC 7714, 8.1). Stock answers any request for a
repeat, of the voice too, with the same number; its header would carry another transport number and
time by then, and two headers under one nonce give away the key that packets are authenticated by.
Repeats of a picture have numbers of their own (RFC 4588) and pass.
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
