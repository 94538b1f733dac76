"""Results that an instrument we cannot stop still owes: begun for a visit that is over.

Each closed window may have left one behind; while it can still come, the next result is taken for
it and belongs to nobody.
"""

from collections import deque
from collections.abc import Iterable

MOST = 8  # an instrument measures one at a time


class Owed:
    def __init__(self, until_s: Iterable[float] = ()) -> None:
        """Monotonic instants after which each can come no more."""
        self._until_s = deque(until_s, maxlen=MOST)

    def add(self, until_s: float) -> None:
        self._until_s.append(until_s)

    def takes(self, now_s: float) -> bool:
        """Whether what comes now is one of them; that one is owed no longer."""
        while self._until_s and self._until_s[0] <= now_s:
            self._until_s.popleft()
        if not self._until_s:
            return False
        self._until_s.popleft()
        return True
