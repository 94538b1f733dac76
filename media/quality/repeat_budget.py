"""Which of the packets asked for again are sent again: never so many that they fill the line.

Answering every request was measured to leave a picture 19 s dark after the line had become slow.
"""

SHARE = 0.3  # of the target
LEAST_BURST_BYTES, BURST_S = 3000.0, 0.15
FIRST_BYTES = 9000.0  # once: while the line is not known, the first key frame shall come through
LEAST_APART_S = 0.02  # between two repeats of one packet: who asks paces the asking
MOST_WAITING_S = 0.3  # above this the line has enough to do
MOST_REMEMBERED = 2048


class RepeatBudget:
    def __init__(self) -> None:
        self._bytes_left = FIRST_BYTES
        self._filled_s: float | None = None
        self._repeated_s: dict[tuple[int, int], float] = {}
        self._first_wanted: dict[int, int] = {}  # by source

    def begins(self, source: int, number: int) -> None:
        """From this packet on everything is needed, nothing before it: a key frame, or what
        follows a backlog that was thrown away.
        """
        self._first_wanted[source] = number

    def may_repeat(
        self,
        source: int,
        number: int,
        *,
        wire_bytes: int,
        target_bit_s: float,
        waiting_s: float,
        now_s: float,
    ) -> bool:
        """Spends it when it says yes."""
        self._fill(target_bit_s, now_s)
        first = self._first_wanted.get(source)
        is_old = first is not None and (number - first & 0xFFFF) >= 0x8000
        is_on_its_way = now_s - self._repeated_s.get((source, number), -1e9) < LEAST_APART_S
        if is_old or is_on_its_way or waiting_s > MOST_WAITING_S or self._bytes_left < wire_bytes:
            return False
        self._bytes_left -= wire_bytes
        self._repeated_s.pop((source, number), None)
        self._repeated_s[source, number] = now_s
        if len(self._repeated_s) > MOST_REMEMBERED:
            del self._repeated_s[next(iter(self._repeated_s))]
        return True

    def _fill(self, target_bit_s: float, now_s: float) -> None:
        most = max(LEAST_BURST_BYTES, BURST_S * target_bit_s / 8, self._bytes_left)
        if self._filled_s is not None:
            added = SHARE * target_bit_s / 8 * (now_s - self._filled_s)
            self._bytes_left = min(self._bytes_left + added, most)
        self._filled_s = now_s
