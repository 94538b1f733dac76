"""How much one device may say to the others: nobody can be talked off signalling.

Words and their bytes refill with time. Bounded so that what is allowed at once fits the queue of a
line (line.py), and what is allowed for ever fits a slow one.
"""

import logging

log = logging.getLogger(__name__)

WORDS_A_SECOND = 100
WORDS_MOST = 200
BYTES_A_SECOND = 64 * 1024
BYTES_MOST = 512 * 1024
JOINS_A_SECOND = 2
JOINS_MOST = 20


class _Bucket:
    def __init__(self, a_second: float, most: float, now: float) -> None:
        self._a_second = a_second
        self._most = most
        self._left = most
        self._at = now

    def has(self, amount: float, now: float) -> bool:
        self._left = min(self._most, self._left + (now - self._at) * self._a_second)
        self._at = now
        return self._left >= amount

    def spend(self, amount: float) -> None:
        self._left -= amount


class Allowance:
    """Of one device, whichever socket it speaks on. Time is monotonic."""

    def __init__(self, now: float) -> None:
        self._words = _Bucket(WORDS_A_SECOND, WORDS_MOST, now)
        self._bytes = _Bucket(BYTES_A_SECOND, BYTES_MOST, now)
        self._joins = _Bucket(JOINS_A_SECOND, JOINS_MOST, now)
        self._surplus = 0

    def may_relay(self, size: int, now: float) -> bool:
        """Whether a word of so many bytes may go to the others of the room."""
        has_words, has_bytes = self._words.has(1, now), self._bytes.has(size, now)
        if not (has_words and has_bytes):
            self._count_surplus()
            return False
        self._words.spend(1)
        self._bytes.spend(size)
        return True

    def may_join(self, now: float) -> bool:
        """Whether a seat may be taken: all in the room are told of it."""
        if not self._joins.has(1, now):
            self._count_surplus()
            return False
        self._joins.spend(1)
        return True

    def _count_surplus(self) -> None:
        """Nor may it fill our log: told after one, two, four, eight..."""
        self._surplus += 1
        if self._surplus.bit_count() == 1:
            log.warning("too many words of one device, dropped so far: %d", self._surplus)
