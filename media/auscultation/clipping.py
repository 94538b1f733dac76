"""Samples that the instrument could not tell: runs that stand at the end of the scale."""

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

SMALLEST, LARGEST = -32_768, 32_767
# The round top of a loud low tone stands there for less; below three samples nothing is a run.
LEAST_RUN_S = 0.0003
LEAST_RUN = 3


class ClippingCount:
    """Fed with blocks of one channel, of any length; a run may go on from one to the next."""

    def __init__(self, rate_hz: int) -> None:
        self._least = max(LEAST_RUN, round(LEAST_RUN_S * rate_hz))
        self._running = 0  # how long the newest run is, at the end of what was heard
        self._side = 0  # at which end of the scale it stands
        self.clipped = 0
        self.heard_samples = 0

    @property
    def share(self) -> float:
        return self.clipped / self.heard_samples if self.heard_samples else 0.0

    def heard(self, samples: Samples) -> int:
        """How many more are known to be clipped."""
        before = self.clipped
        self.heard_samples += len(samples)
        sides = (samples == LARGEST).astype(np.int8) - (samples == SMALLEST).astype(np.int8)
        for side, count in _runs(sides):
            self._go_on(side, count)
        return self.clipped - before

    def _go_on(self, side: int, count: int) -> None:
        if side == 0:
            self._running = 0
        else:
            earlier = self._running if side == self._side else 0
            self._running = earlier + count
            if self._running >= self._least:
                self.clipped += count if earlier >= self._least else self._running
        self._side = side


def _runs(sides: npt.NDArray[np.int8]) -> list[tuple[int, int]]:
    """(side, length), one after the other. A sound that does not clip is one run of side 0."""
    if len(sides) == 0:
        return []
    begins = np.concatenate(([0], np.flatnonzero(np.diff(sides)) + 1))
    lengths = np.diff(np.concatenate((begins, [len(sides)])))
    return [(int(sides[begin]), int(length)) for begin, length in zip(begins, lengths, strict=True)]
