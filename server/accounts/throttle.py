"""Slows guessing: each failed try counts, by name and address and by address alone, and is forgiven
slowly. What is refused here leaves no row in the audit, which every desk downloads.
"""

import ipaddress
import math
from dataclasses import dataclass

from server.problems import TooManyTries

REMEMBERED_MAX = 10_000
NETWORK_BITS = 64  # of IPv6: the least that anybody is given


@dataclass(frozen=True, slots=True)
class Limit:
    tries: int
    forgiven_after_s: float  # one try each


ONE_NAME = Limit(5, 60.0)
ANYBODY = Limit(40, 30.0)  # of one address, or of one known device; a whole clinic may share it
TOLD = Limit(1, 60.0)


class Throttle:
    """A leaking bucket per key, in memory; `now` is monotonic time."""

    def __init__(self, limit: Limit, remembered_max: int = REMEMBERED_MAX) -> None:
        self._limit = limit
        self._remembered_max = remembered_max
        self._buckets: dict[str, tuple[float, float]] = {}  # tries that count, as of when

    def __len__(self) -> int:
        return len(self._buckets)

    def count(self, key: str, now: float) -> None:
        """Count a try before it is judged, so that many at once do not slip through."""
        tries, most = self._tries(key, now), self._limit.tries - 1
        if tries > most:
            raise TooManyTries(math.ceil((tries - most) * self._limit.forgiven_after_s))
        if key not in self._buckets and len(self._buckets) >= self._remembered_max:
            self._forget_some(now)
        self._buckets[key] = (tries + 1, now)

    def forgive(self, key: str) -> None:
        """The try was good, and so whoever made it."""
        self._buckets.pop(key, None)

    def give_back(self, key: str) -> None:
        """The try was good, which says nothing of the others under this key."""
        tries, at = self._buckets.get(key, (0.0, 0.0))
        if tries > 1:
            self._buckets[key] = (tries - 1, at)
        else:
            self.forgive(key)

    def _tries(self, key: str, now: float) -> float:
        tries, at = self._buckets.get(key, (0.0, now))
        return max(0.0, tries - (now - at) / self._limit.forgiven_after_s)

    def _forget_some(self, now: float) -> None:
        """Those forgiven by now; when there are none, the one that is nearest to it."""
        over = [key for key in self._buckets if self._tries(key, now) == 0]
        over = over or [min(self._buckets, key=lambda key: self._tries(key, now))]
        for key in over:
            del self._buckets[key]


def network_of(address: str) -> str:
    """Whom an address belongs to, as far as it can be told: IPv6 is given out by networks."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), NETWORK_BITS), strict=False))
