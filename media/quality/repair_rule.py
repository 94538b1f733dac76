"""How many repairs go along with a picture's packets, by what the line loses and how long it is.

On a short way what is lost is asked for again and comes in time; repairs only spare most of that.
On a long one it comes too late, so that hardly a picture may need it. Pure; the time is told.
"""

from functools import lru_cache
from math import comb

from media.quality.repair_code import MOST_REPAIRS

LONG_WAY_S = 0.15  # asking again then takes longer than pictures are held back
SHORT_WAY_FAILS, LONG_WAY_FAILS = 0.015, 3e-4  # pictures of which too much is lost all the same
LEAST_SHARE, LONG_WAY_LEAST_SHARE = 0.004, 0.001  # of loss: below it nothing is done
MOST_SHARE = 0.25  # above it the line has other needs
FIRST_SHARE = 0.02  # on a long way, until the line has told: its first pictures count, too
# Of the line: below it each byte is the picture's own. What a long way takes of it at the start
# makes the first losses good, which would hold pictures back for long.
LEAST_LINE_BIT_S, LONG_WAY_LEAST_LINE_BIT_S = 400_000, 140_000
MOST_ADDED = 0.8  # of the packets
SMOOTH_S, FIRST_SMOOTH_S = 6.0, 1.0


class RepairRule:
    """Told the loss of the last second as often as is liked."""

    def __init__(self) -> None:
        self._share: float | None = None
        self._began_s = self._told_s = 0.0

    def loses(self, share: float | None, now_s: float) -> None:
        """`share`: 0..1 of what was sent; None: not told."""
        if share is None:
            return
        if self._share is None:
            self._share, self._began_s, self._told_s = share, now_s, now_s
            return
        since_s, self._told_s = now_s - self._told_s, now_s
        over_s = min(SMOOTH_S, FIRST_SMOOTH_S + (now_s - self._began_s))
        self._share += min(1.0, since_s / over_s) * (share - self._share)

    def repairs(self, packets: int, round_trip_s: float | None, line_bit_s: float) -> int:
        """For a row of so many packets; `line_bit_s`: all that we may send."""
        is_long = round_trip_s is not None and round_trip_s >= LONG_WAY_S
        least_bit_s = LONG_WAY_LEAST_LINE_BIT_S if is_long else LEAST_LINE_BIT_S
        if not packets or round_trip_s is None or line_bit_s < least_bit_s:
            return 0
        share = self._share
        if share is None:
            share = FIRST_SHARE if is_long else 0.0
        if not (LONG_WAY_LEAST_SHARE if is_long else LEAST_SHARE) <= share <= MOST_SHARE:
            return 0
        most = min(MOST_REPAIRS, max(1, int(MOST_ADDED * packets)))
        return _needed(
            packets, round(share, 3), LONG_WAY_FAILS if is_long else SHORT_WAY_FAILS, most
        )


@lru_cache(4096)
def _needed(packets: int, share: float, fails: float, most: int) -> int:
    for count in range(most):
        if _too_much_is_lost(packets + count, count, share) <= fails:
            return count
    return most


def _too_much_is_lost(sent: int, repairs: int, share: float) -> float:
    """The probability that more than `repairs` of `sent` are lost, each for itself."""
    few = (comb(sent, n) * share**n * (1 - share) ** (sent - n) for n in range(repairs + 1))
    return 1.0 - sum(few)
