"""Looks at one display about a thousand times a second and tells when something was there.

A private display's picture is a mapped file, so that looking neither asks nor disturbs anybody.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bench.rows import percentile
from demo.screen import Box, Pixels, Screen
from demo.waiting import NotSo

LOOK_S = 0.001
MOSTLY = 0.9
AT_LEAST_PIXELS = 30


@dataclass(frozen=True, slots=True)
class Look:
    at: float
    pixels: Pixels


class Eyes:
    """`pid` matters on a person's display only; benches open private ones."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._gaps: list[float] = []

    def now(self, box: Box) -> Pixels:
        return self._screen.pixels(0, box)

    def watch(self, box: Box, seconds: float) -> Iterator[Look]:
        """What is in the box, again and again, until the time is over."""
        last = time.monotonic()
        until = last + seconds
        while last < until:
            pixels = self.now(box)
            at = time.monotonic()
            self._gaps.append(at - last)
            last = at
            yield Look(at, pixels)
            time.sleep(LOOK_S)

    def first(self, box: Box, fits: Callable[[Pixels], bool], limit_s: float, what: str) -> float:
        """When it was there first."""
        for look in self.watch(box, limit_s):
            if fits(look.pixels):
                return look.at
        raise NotSo(f"{what}: not within {limit_s:.0f} s")

    @property
    def between_looks_ms(self) -> float:
        """How late a look may have come, at its 99th percentile: the error of each moment."""
        return percentile(self._gaps, 99) * 1000 if self._gaps else 0.0


class Change:
    """From one picture of a place to another, to be known again while it happens."""

    def __init__(self, before: Pixels, after: Pixels) -> None:
        self._differs = (before != after).any(axis=2)
        self._after = after
        if int(self._differs.sum()) < AT_LEAST_PIXELS:
            raise NotSo("the two pictures cannot be told apart")

    def share_done(self, now: Pixels) -> float:
        """Of the pixels that change, how many are already what they come to be."""
        same = (now == self._after).all(axis=2)
        return float(same[self._differs].mean())

    def is_done(self, now: Pixels) -> bool:
        return self.share_done(now) >= MOSTLY


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds them all."""
    left = min(x for x, _, _, _ in boxes)
    top = min(y for _, y, _, _ in boxes)
    right = max(x + width for x, _, width, _ in boxes)
    bottom = max(y + height for _, y, _, height in boxes)
    return left, top, right - left, bottom - top


def magenta_in(pixels: Pixels) -> int:
    """Pixels of the frame that surrounds the number drawn into each camera's picture."""
    red, green, blue = (pixels[:, :, colour].astype(np.int16) for colour in range(3))
    return int(((np.minimum(red, blue) - green > 70) & (red > 120) & (blue > 120)).sum())
