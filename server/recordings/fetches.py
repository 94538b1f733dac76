"""Whose fetch of a file stands in the audit already: one in many ranges is told once, not each."""

from collections import OrderedDict
from uuid import UUID

from app.domain.clock import Clock

SAME_FETCH_S = 300.0
REMEMBERED_MOST = 1024


class Fetches:
    """What is forgotten here is told again, which is harmless."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[UUID, str], float] = OrderedDict()

    def is_told(self, session: UUID, sha256: str) -> bool:
        told_at = self._told.get((session, sha256))
        return told_at is not None and self._clock.monotonic() - told_at < SAME_FETCH_S

    def told(self, session: UUID, sha256: str) -> None:
        self._told[(session, sha256)] = self._clock.monotonic()
        self._told.move_to_end((session, sha256))
        if len(self._told) > REMEMBERED_MOST:
            self._told.popitem(last=False)
