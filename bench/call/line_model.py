"""What a bad line does to a packet: loss, bursts, rate and queue, delay, jitter. No I/O, no clock.

One `Way` per direction, seeded: the same offers at the same instants meet the same fate.
"""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

WAITS_KEPT = 200_000


@dataclass(frozen=True, slots=True)
class Shape:
    """One direction. Shares are 0..1; bursts and plain loss come on top of each other."""

    loss: float = 0.0
    burst_loss: float = 0.0  # share of packets lost in bursts of `burst_packets` (mean)
    burst_packets: float = 3.0
    dark_share: float = 0.0  # share of the time in which nothing passes, `dark_ms` at a time (mean)
    dark_ms: float = 200.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0  # even in 0 .. 2 x jitter, so the mean delay grows by it: said as ±
    keeps_order: bool = False
    rate_bit_s: float | None = None
    queue_ms: float = 300.0
    is_cut: bool = False  # a black hole

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Counts:
    offered: int = 0
    lost: int = 0  # by chance
    cut: int = 0  # in a black hole
    dropped: int = 0  # by a full queue
    passed: int = 0
    passed_bytes: int = 0
    waits_ms: list[float] = field(default_factory=list)  # in the bottleneck's queue


class Way:
    """Used in order of time. Changes planned with `plan` take hold at their instant."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape = shape
        self.counts = Counts()
        self._chance = random.Random(seed)
        self._free_at = 0.0  # of the bottleneck
        self._last_due = 0.0
        self._is_in_burst = False
        self._is_dark = False
        self._dark_turns_at: float | None = None
        self._planned: list[tuple[float, Shape]] = []

    def plan(self, now: float, steps: Sequence[tuple[float, Shape]]) -> None:
        """From now on: each shape after so many seconds; replaces what was planned before."""
        self._planned = sorted(((now + after, shape) for after, shape in steps), key=lambda s: s[0])
        self._turn(now)

    def offer(self, now: float, size: int) -> float | None:
        """When the packet comes out at the far end; None when it never does."""
        self._turn(now)
        self.counts.offered += 1
        if self.shape.is_cut:
            self.counts.cut += 1
            return None
        if self._is_lost(now):
            self.counts.lost += 1
            return None
        leaves_at = self._leaves_at(now, size)
        if leaves_at is None:
            self.counts.dropped += 1
            return None
        self.counts.passed += 1
        self.counts.passed_bytes += size
        due = leaves_at + self._delay_s()
        if self.shape.keeps_order:
            due = max(due, self._last_due)
        self._last_due = max(due, self._last_due)
        return due

    def _turn(self, now: float) -> None:
        while self._planned and self._planned[0][0] <= now:
            _, self.shape = self._planned.pop(0)

    def _is_lost(self, now: float) -> bool:
        # Each kind draws whatever the others say, so that they do not move each other's bursts.
        draws = [self._chance.random() < self.shape.loss]
        if self.shape.burst_loss:
            draws.append(self._in_burst())
        if self.shape.dark_share:
            draws.append(self._in_the_dark(now))
        return any(draws)

    def _in_burst(self) -> bool:
        """Two states (Gilbert): the stay in the bad one is `burst_packets` in the mean."""
        share, length = self.shape.burst_loss, self.shape.burst_packets
        turns = 1 / length if self._is_in_burst else share / (length * (1 - share))
        if self._chance.random() < turns:
            self._is_in_burst = not self._is_in_burst
        return self._is_in_burst

    def _in_the_dark(self, now: float) -> bool:
        """The same in time: stays are exponential."""
        share, dark_s = self.shape.dark_share, self.shape.dark_ms / 1000
        light_s = dark_s * (1 - share) / share
        if self._dark_turns_at is None:
            self._is_dark = self._chance.random() < share
            self._dark_turns_at = now + self._stay_s(dark_s, light_s)
        while self._dark_turns_at <= now:
            self._is_dark = not self._is_dark
            self._dark_turns_at += self._stay_s(dark_s, light_s)
        return self._is_dark

    def _stay_s(self, dark_s: float, light_s: float) -> float:
        return self._chance.expovariate(1 / (dark_s if self._is_dark else light_s))

    def _leaves_at(self, now: float, size: int) -> float | None:
        if self.shape.rate_bit_s is None:
            self._free_at = now
            return now
        starts_at = max(now, self._free_at)
        wait_ms = (starts_at - now) * 1000
        if wait_ms > self.shape.queue_ms:
            return None
        if len(self.counts.waits_ms) < WAITS_KEPT:
            self.counts.waits_ms.append(wait_ms)
        self._free_at = starts_at + size * 8 / self.shape.rate_bit_s
        return self._free_at

    def _delay_s(self) -> float:
        jitter_ms = self._chance.random() * 2 * self.shape.jitter_ms if self.shape.jitter_ms else 0
        return (self.shape.delay_ms + jitter_ms) / 1000
