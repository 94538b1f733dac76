"""A recording played at full, half or quarter speed without changing its pitch, looped if wished.

Overlapping pieces are laid farther apart than they lay, each where it fits the one before best
(WSOLA). At full speed the samples come as they are. For the ear only.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
Number = npt.NDArray[np.float64]

PIECE_S = 0.08
# A piece may lie so much farther on or back: a whole swing of 25 Hz has its place in it.
SEARCH_S = 0.02
SEARCH_RATE_HZ = 2000  # of the first, rough search
SMALLEST, LARGEST = -32_768, 32_767
LEAST_LOOP_S = 0.2


class Speed(Enum):
    FULL = 1.0
    HALF = 0.5
    QUARTER = 0.25


@dataclass(frozen=True, slots=True)
class Loop:
    """From and to, in seconds of the recording."""

    from_s: float
    to_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.from_s <= self.to_s - LEAST_LOOP_S:
            raise ValueError("a loop begins before it ends")


class SlowPlayback:
    """`read()` as the loudspeaker asks. Speed and loop may change while it plays."""

    def __init__(self, samples: Samples, rate_hz: int, speed: Speed = Speed.FULL) -> None:
        self._samples = samples
        self._rate_hz = rate_hz
        self._hop = max(2, round(PIECE_S * rate_hz / 2))
        self._window = np.hanning(2 * self._hop + 1)[: 2 * self._hop]
        self._search = round(SEARCH_S * rate_hz)
        self._coarse = max(1, rate_hz // SEARCH_RATE_HZ)
        self._speed = speed
        self._loop: Loop | None = None
        self._at = 0.0  # in samples of the recording: what should be heard next
        self._ready: Samples = np.zeros(0, dtype=np.int16)
        self._fading: Number | None = None  # the half of the last piece that the next is laid on
        self._following: int | None = None  # where in the recording that half lay

    @property
    def position_s(self) -> float:
        """What is heard about now, in seconds of the recording."""
        waiting = len(self._ready) * self._speed.value
        return max(0.0, (min(self._at, len(self._samples)) - waiting) / self._rate_hz)

    @property
    def is_ended(self) -> bool:
        return len(self._ready) == 0 and self._is_past

    def set_speed(self, speed: Speed) -> None:
        self.seek(self.position_s)
        self._speed = speed

    def set_loop(self, loop: Loop | None) -> None:
        """Jumps into it when it is elsewhere."""
        if loop is not None and loop.from_s * self._rate_hz >= len(self._samples):
            raise ValueError("the loop lies behind the end")
        self._loop = loop
        if loop is not None and not loop.from_s <= self.position_s < loop.to_s:
            self.seek(loop.from_s)

    def seek(self, to_s: float) -> None:
        self._at = float(np.clip(to_s * self._rate_hz, 0, len(self._samples)))
        self._ready = self._ready[:0]
        self._fading = self._following = None

    def read(self, count: int) -> Samples:
        """So many samples; fewer only at the end of the recording."""
        parts, have = [self._ready], len(self._ready)
        while have < count and not self._is_past:
            parts.append(self._next())
            have += len(parts[-1])
        made = np.concatenate(parts)
        self._ready = made[count:]
        return made[:count]

    # --- inside ----------------------------------------------------------------------------

    @property
    def _is_past(self) -> bool:
        """A loop has no end, also one to the end of the recording."""
        return self._loop is None and self._at >= len(self._samples)

    @property
    def _end(self) -> int:
        """Where the loop or the recording ends."""
        end = len(self._samples)
        return min(end, round(self._loop.to_s * self._rate_hz)) if self._loop else end

    def _next(self) -> Samples:
        if self._loop is not None and self._at >= self._end:
            self._at = self._loop.from_s * self._rate_hz
        if self._speed is Speed.FULL:
            begin = int(self._at)
            made = self._samples[begin : min(begin + self._hop, self._end)]
            self._at = float(begin + len(made))
            return made
        return self._laid()

    def _laid(self) -> Samples:
        """Half a piece: what fades of the last one, and what swells of the next."""
        # The middle of a piece is heard when its time has come, not its beginning.
        wanted = int(self._at - self._hop * (1 - self._speed.value))
        begin = wanted if self._following is None else self._best(wanted, self._following)
        piece = self._between(begin, begin + 2 * self._hop) * self._window
        if self._fading is None:  # nothing came before that could fade
            self._fading = self._between(begin, begin + self._hop) - piece[: self._hop]
        made = self._fading + piece[: self._hop]
        self._fading, self._following = piece[self._hop :], begin + self._hop
        self._at += self._hop * self._speed.value
        return np.clip(np.rint(made), SMALLEST, LARGEST).astype(np.int16)

    def _best(self, wanted: int, following: int) -> int:
        """Near `wanted`: where the sound is most like what followed the last piece."""
        model = self._between(following, following + self._hop)
        first = wanted - self._search
        near = self._between(first, first + 2 * self._search + self._hop)
        thin = slice(None, None, self._coarse)
        rough = int(np.argmax(_likeness(near[thin], model[thin]))) * self._coarse
        # Whether a wheeze goes on or falters is decided by less than the thinned samples show.
        begin = max(0, rough - self._coarse)
        around = near[begin : rough + self._coarse + len(model)]
        return first + begin + int(np.argmax(_likeness(around, model)))

    def _between(self, first: int, last: int) -> Number:
        """Silence before the beginning and after the end."""
        inside = self._samples[max(0, first) : max(0, last)].astype(np.float64)
        before = min(max(0, -first), last - first)
        return np.pad(inside, (before, last - first - before - len(inside)))


def _likeness(near: Number, model: Number) -> Number:
    """At each place of `near` where the model fits in."""
    energy = np.convolve(near**2, np.ones(len(model)), mode="valid")
    return np.asarray(np.correlate(near, model, mode="valid") / np.sqrt(energy + 1.0))
