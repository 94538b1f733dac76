"""Sound as a curve: the least and the most of it 240 times a second, in strips for the screen."""

import numpy as np
import numpy.typing as npt

from app.domain.curve import PAIRS_PER_S, STRIPS_PER_S, CurveKind, Strip
from media.auscultation.live_playout import LiveChunk

PAIRS_PER_STRIP = PAIRS_PER_S // STRIPS_PER_S
STRIP_S = 1 / STRIPS_PER_S
TOGETHER_S = 0.002  # what follows so near goes on the same curve

Samples = npt.NDArray[np.int16]


class CurveMaker:
    """One curve of one rate. Fed however it is cut; what comes after a hole begins a strip."""

    def __init__(self, rate_hz: int, curve: int) -> None:
        self._rate_hz = rate_hz
        self._curve = curve
        self._waiting: Samples = np.zeros(0, dtype=np.int16)
        self._taken = self._made = 0  # samples and strips of this run
        self._from_s = 0.0  # where this run began
        self._end_s: float | None = None

    def heard(self, chunk: LiveChunk) -> list[Strip]:
        if chunk.is_hole:
            self._end_s = None
            return [Strip(self._curve, CurveKind.SOUND, chunk.at_s, chunk.seconds, b"")]
        if self._end_s is None or abs(chunk.at_s - self._end_s) > TOGETHER_S:
            self._waiting = self._waiting[:0]
            self._taken = self._made = 0
            self._from_s = chunk.at_s
        self._end_s = chunk.at_s + chunk.seconds
        samples = np.frombuffer(chunk.samples, dtype="<i2")
        self._waiting = np.concatenate((self._waiting, samples))
        return self._strips()

    def _strips(self) -> list[Strip]:
        strips: list[Strip] = []
        while True:
            end = (self._made + 1) * self._rate_hz // STRIPS_PER_S
            count = end - self._taken
            if len(self._waiting) < count:
                return strips
            pairs = pairs_of(self._waiting[:count], PAIRS_PER_STRIP)
            at_s = self._from_s + self._taken / self._rate_hz
            strips.append(Strip(self._curve, CurveKind.SOUND, at_s, STRIP_S, pairs))
            self._waiting = self._waiting[count:]
            self._taken, self._made = end, self._made + 1


def pairs_of(samples: Samples, count: int) -> bytes:
    """`count` pairs of the least and the most, evenly over all of them."""
    starts = np.arange(count) * len(samples) // count
    pairs = np.empty((count, 2), dtype=np.int16)
    pairs[:, 0] = np.minimum.reduceat(samples, starts)
    pairs[:, 1] = np.maximum.reduceat(samples, starts)
    return pairs.tobytes()


def pairs_of_whole(samples: Samples, rate_hz: int) -> bytes:
    """Of a recording from its begin on."""
    count = len(samples) * PAIRS_PER_S // rate_hz
    return pairs_of(samples[: count * rate_hz // PAIRS_PER_S], count) if count else b""
