"""Samples between a callback thread and the loop: fixed size, no waiting, what is lost is counted.

One side writes, one side reads. A full ring refuses what is new: what was taken stays whole.
"""

import threading

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]


class SampleRing:
    """Holds at most `capacity` samples of one channel."""

    def __init__(self, capacity: int) -> None:
        self._samples: Samples = np.zeros(capacity, dtype=np.int16)
        self._lock = threading.Lock()
        self._start = 0
        self._filled = 0
        self.dropped = 0  # samples that found no room

    @property
    def capacity(self) -> int:
        return len(self._samples)

    @property
    def filled(self) -> int:
        return self._filled

    def write(self, samples: Samples) -> None:
        """Take what fits; the rest is dropped and counted."""
        with self._lock:
            fits = min(len(samples), self.capacity - self._filled)
            self.dropped += len(samples) - fits
            at = (self._start + self._filled) % self.capacity
            first = min(fits, self.capacity - at)
            self._samples[at : at + first] = samples[:first]
            self._samples[: fits - first] = samples[first:fits]
            self._filled += fits

    def read(self, count: int) -> Samples:
        """At most `count` samples, oldest first; a copy."""
        with self._lock:
            taken = min(count, self._filled)
            first = min(taken, self.capacity - self._start)
            answer = np.concatenate(
                (
                    self._samples[self._start : self._start + first],
                    self._samples[: taken - first],
                )
            )
            self._advance(taken)
            return answer

    def skip(self, count: int) -> None:
        """Forget the oldest `count` samples, to be nearer to now; counted as dropped."""
        with self._lock:
            skipped = min(count, self._filled)
            self.dropped += skipped
            self._advance(skipped)

    def clear(self) -> None:
        with self._lock:
            self._advance(self._filled)

    def _advance(self, count: int) -> None:
        self._start = (self._start + count) % self.capacity
        self._filled -= count
