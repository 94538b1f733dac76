"""Which of the wishes for a key frame are met: all who wish repeat it, the line bears few.

While joining nearly all are: the first key frames meet far sides that cannot read them yet.
"""

SHORTEST_S, SHORTEST_ON_LITTLE_S = 0.4, 1.0
JOINING_S = 2.0  # from the first key frame on
JOINING_SHORTEST_S = 0.09
JOINING_TIMES = 2.0  # the time that the line takes for the one before: the answer comes, too
LITTLE_BIT_S = 200_000


class KeyFrameWishes:
    """Times in seconds of one clock."""

    def __init__(self) -> None:
        self._is_wished = True
        self._first_at_s: float | None = None
        self._sent_at_s = -1e9
        self._length = 0  # bytes, of the last one

    def wish(self, now_s: float, bit_s: int) -> None:
        """Forgotten when the last key frame is so young that it may still be on its way."""
        if now_s - self._sent_at_s >= self._shortest_s(now_s, bit_s):
            self._is_wished = True

    @property
    def is_due(self) -> bool:
        return self._is_wished

    def sent(self, now_s: float, length: int) -> None:
        """A key frame of so many bytes, wished for or not."""
        self._is_wished = False
        self._sent_at_s, self._length = now_s, length
        if self._first_at_s is None:
            self._first_at_s = now_s

    def _shortest_s(self, now_s: float, bit_s: int) -> float:
        usual_s = SHORTEST_ON_LITTLE_S if bit_s < LITTLE_BIT_S else SHORTEST_S
        if self._first_at_s is None or now_s - self._first_at_s >= JOINING_S:
            return usual_s
        takes_s = 8 * self._length / max(bit_s, 1)
        return min(usual_s, max(JOINING_SHORTEST_S, JOINING_TIMES * takes_s))
