"""How much a heart sound is like itself some time later, and how that time wanders with the breath.

Two seconds at a time against what follows them, over all bands together: the first sound is like
the next first one in loudness and in tone, the second mostly in loudness only.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from media.auscultation.heart_loudness import FRAMES_PER_S, Number

BLOCK = 2 * FRAMES_PER_S
STEP = FRAMES_PER_S // 2
LATEST = 4 * FRAMES_PER_S  # the longest time looked at
SIZE = 640  # of the transforms: not less than both together
TAIL = 60  # a last block needs at least so much after it

SHORTEST_S, LONGEST_S = 0.28, 1.9  # between beats
FINENESS = 0.01  # of the periods that are tried, as a share
PERIODS = (
    SHORTEST_S
    * FRAMES_PER_S
    * np.exp(FINENESS * np.arange(int(np.log(LONGEST_S / SHORTEST_S) / FINENESS) + 1))
)
WANDER = 4  # finenesses from block to block
WANDER_COSTS = 0.035  # of likeness for all of it
NEIGHBOURS = 6  # a period that is best among so many on either side is a candidate
APART = 0.06  # two candidates differ by more, as a share
CANDIDATES_MOST = 8


@dataclass(frozen=True, slots=True)
class Path:
    """A period for each block, in frames; about so much of the sound comes again after it."""

    periods: Number
    period: float  # the middle one

    @classmethod
    def of(cls, periods: Number) -> "Path":
        return cls(periods, float(np.median(periods)))

    def longer_by(self, frames: float) -> "Path":
        return Path(self.periods + frames, self.period + frames)


class Likeness:
    """Of one stretch of marks (heart_loudness.marked)."""

    def __init__(self, marks: Number, weight: Number) -> None:
        self.frames = len(marks)
        begins = np.arange(0, max(1, len(marks) - BLOCK - TAIL), STEP)
        padding = BLOCK + LATEST
        padded = np.pad(marks, ((0, padding), (0, 0)))
        there = np.pad(weight, (0, padding))[:, None]
        energy = np.sum(padded**2, axis=1, keepdims=True)
        # Sums of products over all bands, and what they would be if all were alike.
        self.alike = _later(padded, padded, begins)
        here, then = _later(energy, there, begins), _later(there, energy, begins)
        self.most = np.sqrt(np.maximum(here, 0) * np.maximum(then, 0))
        self.usual = max(float(self.most.mean()), 1e-9)

    def along(self, path: Path, multiples: Number) -> tuple[Number, Number]:
        """(alike, most) of each multiple of the path's periods: a row each, a column a block."""
        lags = np.outer(multiples, path.periods)
        inside = lags < LATEST - 1
        lags = np.where(inside, lags, 0.0)
        whole = lags.astype(np.int64)
        part = lags - whole
        rows = np.arange(len(self.alike))
        found = []
        for table in (self.alike, self.most):
            values = table[rows, whole] * (1 - part) + table[rows, whole + 1] * part
            found.append(np.where(inside, values, 0.0))
        return found[0], found[1]

    def at(self, path: Path, multiples: Number) -> Number:
        """From -1 to 1 for each multiple, over all blocks; 0 where it is too long to see."""
        alike, most = self.along(path, multiples)
        total = most.sum(axis=1)
        return np.where(total > 1e-9, alike.sum(axis=1) / np.maximum(total, 1e-9), 0.0)

    @property
    def usual_likeness(self) -> float:
        """Half of all periods are more like themselves than this."""
        lags = PERIODS.astype(np.int64)
        most = np.maximum(self.most[:, lags].sum(axis=0), 1e-9)
        return float(np.median(self.alike[:, lags].sum(axis=0) / most))

    def overall(self, period: float) -> float:
        """Without any wandering."""
        lag = round(period)
        return float(self.alike[:, lag].sum() / max(self.most[:, lag].sum(), 1e-9))

    def paths(self) -> list[Path]:
        """The candidates, the best first."""
        places = PERIODS.astype(np.int64)
        part = PERIODS - places
        likeness = self.alike[:, places] * (1 - part) + self.alike[:, places + 1] * part
        usual = self.most[:, places] * (1 - part) + self.most[:, places + 1] * part
        likeness = likeness / max(float(usual.mean()), 1e-9)
        goodness, steps = _best_ways(likeness)
        found: list[tuple[float, Path]] = []
        for place in range(len(PERIODS)):
            around = goodness[max(0, place - NEIGHBOURS) : place + NEIGHBOURS + 1]
            if goodness[place] == around.max():
                found.append((float(goodness[place]), Path.of(PERIODS[_traced(steps, place)])))
        found.sort(key=lambda one: -one[0])
        return _apart([path for _, path in found])


def _later(first: Number, second: Number, begins: npt.NDArray[np.int64]) -> Number:
    """Each block of `first` against `second` from there on: sums of products for each delay."""
    blocks = np.lib.stride_tricks.sliding_window_view(first, BLOCK, axis=0)[begins]
    stretches = np.lib.stride_tricks.sliding_window_view(second, BLOCK + LATEST, axis=0)[begins]
    lines = (np.conj(np.fft.rfft(blocks, SIZE)) * np.fft.rfft(stretches, SIZE)).sum(axis=1)
    return np.asarray(np.fft.irfft(lines, SIZE)[:, : LATEST + 1])


def _best_ways(likeness: Number) -> tuple[Number, npt.NDArray[np.int64]]:
    """The best sum over all blocks that ends at each period, and the step taken at each block."""
    count = likeness.shape[1]
    moves = np.arange(-WANDER, WANDER + 1)
    costs = WANDER_COSTS * (moves / WANDER) ** 2
    steps = np.zeros(likeness.shape, dtype=np.int64)
    best = likeness[0].copy()
    for block in range(1, len(likeness)):
        padded = np.pad(best, WANDER, constant_values=-np.inf)
        ways = np.lib.stride_tricks.sliding_window_view(padded, 2 * WANDER + 1) - costs
        chosen = ways.argmax(axis=1)
        steps[block] = moves[chosen]
        best = ways[np.arange(count), chosen] + likeness[block]
    return best, steps


def _traced(steps: npt.NDArray[np.int64], place: int) -> npt.NDArray[np.int64]:
    places = np.zeros(len(steps), dtype=np.int64)
    places[-1] = place
    for block in range(len(steps) - 1, 0, -1):
        places[block - 1] = places[block] + steps[block, places[block]]
    return places


def _apart(paths: list[Path]) -> list[Path]:
    kept: list[Path] = []
    for path in paths:
        if all(abs(np.log(path.period / other.period)) > APART for other in kept):
            kept.append(path)
    return kept[:CANDIDATES_MOST]
