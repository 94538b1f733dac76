"""How loud it is: root mean square of about the last 100 ms, 0..1; fed by one thread only."""

from collections import deque

import numpy as np

from media.devices.sample_ring import Samples

FULL_SCALE = 32768.0


class SoundLevel:
    def __init__(self, over_samples: int = 4800) -> None:
        self._over_samples = over_samples
        self._blocks: deque[tuple[int, float]] = deque(maxlen=64)  # samples, sum of squares
        self.value = 0.0

    def add(self, samples: Samples) -> None:
        energy = float(np.square(samples.astype(np.float64)).sum())
        self._blocks.append((len(samples), energy))
        count, total = 0, 0.0
        for block_samples, block_energy in reversed(self._blocks):
            count, total = count + block_samples, total + block_energy
            if count >= self._over_samples:
                break
        self.value = (total / count) ** 0.5 / FULL_SCALE if count else 0.0
