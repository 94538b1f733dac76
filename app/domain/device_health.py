"""When a device that is there counts as degraded. Pure: counts and times in, a verdict out."""

from collections import deque
from collections.abc import Iterable

from app.domain.device import Impairment
from app.domain.measurement import QualityFlag

BUCKETS = 30  # so many counts are held, however much comes


class BadShare:
    """Whether more than `share`, and at least `least`, of what came of late was bad."""

    def __init__(self, *, window_s: float, share: float, least: int) -> None:
        self._bucket_s = window_s / BUCKETS
        self._share = share
        self._least = least
        self._counts: deque[tuple[int, int, int]] = deque()  # bucket, good, bad

    def heard(self, good: int, bad: int, now_s: float) -> None:
        if not good and not bad:
            return
        bucket = int(now_s / self._bucket_s)
        if self._counts and self._counts[-1][0] == bucket:
            _, known_good, known_bad = self._counts.pop()
            good, bad = good + known_good, bad + known_bad
        self._counts.append((bucket, good, bad))
        self._forget(bucket)

    def is_too_much(self, now_s: float) -> bool:
        self._forget(int(now_s / self._bucket_s))
        good = sum(one for _, one, _ in self._counts)
        bad = sum(one for _, _, one in self._counts)
        return bad >= self._least and bad > self._share * (good + bad)

    def _forget(self, bucket: int) -> None:
        while self._counts and bucket - self._counts[0][0] >= BUCKETS:
            self._counts.popleft()


def line_faults() -> BadShare:
    """Of frames and broken runs; two faults may be somebody who moved the plug."""
    return BadShare(window_s=30.0, share=0.05, least=3)


def clipped_samples() -> BadShare:
    """A loud beat touches the limit now and then; a sound that stands there is no sound."""
    return BadShare(window_s=3.0, share=0.01, least=100)


def impairment_of(quality: Iterable[QualityFlag]) -> Impairment | None:
    """What a device says of itself with its newest measurement."""
    flags = frozenset(quality)
    if QualityFlag.LOW_BATTERY in flags:
        return Impairment.LOW_BATTERY
    return Impairment.WEAK_SIGNAL if QualityFlag.LOW_PERFUSION in flags else None
