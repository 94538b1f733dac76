"""Live sound of the far instrument in its time: waits for what is late, and no longer than it must.

Pure: the time is told. What is not there when its turn comes is a hole; it may follow later, into
the record and onto its timeline.
"""

import math
from collections import deque
from dataclasses import dataclass

from media.auscultation.wav import SAMPLE_BYTES

LEAST_WAIT_S, FIRST_WAIT_S, MOST_WAIT_S = 0.015, 0.06, 1.5
SPARE_S = 0.01
# Of the blocks that shall be there when their turn comes: nearly all while that takes no longer
# than this, and beyond it as many as a listener hardly misses.
NEARLY_ALL, FOR_AS_LONG_AS_S, MOST_OF_THEM = 0.997, 0.3, 0.975
NEEDED_LEAST, NEEDED_REMEMBERED = 40, 400
TOO_LATE_S = 1.5  # it was missing, and asked for; it is not waited for
LEARN_WITHIN_S = 0.5  # what an outage held up longer says nothing of the line after it
BASE_OF_S = 10.0
LESS_S, LESS_SHARE = 0.004, 0.1  # a second: waiting less moves the sound, and not by much
HOLE_S, HOLE_MOST_S = 0.1, 0.5  # one that is longer is passed over
NOTHING_AFTER_S = 1.0  # nobody sends: that is no hole any more
NEAR_S = 0.002  # a monitor's times are whole milliseconds
ADAPT_EVERY_S = 0.2
ASIDE_MOST = 512


@dataclass(frozen=True, slots=True)
class LiveChunk:
    """`at_s`: in the recording. The `samples` of a hole are empty."""

    at_s: float
    seconds: float
    samples: bytes
    rate_hz: int
    is_monitor: bool = False

    @property
    def is_hole(self) -> bool:
        return not self.samples


class LivePlayout:
    def __init__(self) -> None:
        self._aside: dict[int, LiveChunk] = {}  # by begin, in microseconds
        self._position_s: float | None = None  # until there all was handed out
        self._from_s = 0.0  # from there on
        self._needed: deque[float] = deque(maxlen=NEEDED_REMEMBERED)
        self._base_s = self._base_before_s = math.inf  # the quickest way of late, on both clocks
        self._base_since_s = 0.0
        self._wait_s = FIRST_WAIT_S
        self._looked_at_s = -math.inf
        self._newest: LiveChunk | None = None

    @property
    def wait_s(self) -> float:
        """How long what comes the quickest way waits for what comes later."""
        return self._wait_s

    @property
    def position_s(self) -> float:
        return self._position_s or 0.0

    def came(self, chunk: LiveChunk, now_s: float) -> None:
        """As it was made, or a copy of it."""
        newest = self._newest
        is_newest = newest is None or chunk.at_s >= newest.at_s + newest.seconds - NEAR_S
        if is_newest and chunk.at_s < self.position_s - NEAR_S:
            self._begin_anew()  # the instrument was away: its time stood still, ours did not
        self._meet(chunk, now_s)
        if is_newest:
            self._newest = chunk
        if self._position_s is None:
            self._position_s = self._from_s = chunk.at_s
        self._put_aside(chunk)

    def came_again(self, chunk: LiveChunk, now_s: float) -> None:
        """It was asked for: heard if its turn has not been, and waited for if that pays."""
        late_s = now_s - (chunk.at_s + chunk.seconds) - self._base
        if self._position_s is not None and chunk.at_s >= self._from_s and late_s < TOO_LATE_S:
            if late_s < LEARN_WITHIN_S:
                self._needed.append(late_s)
            self._put_aside(chunk)

    def due(self, now_s: float) -> list[LiveChunk]:
        """What is to be heard and drawn now, holes included."""
        self._adapt(now_s)
        chunks = []
        while (chunk := self._next(now_s)) is not None:
            chunks.append(chunk)
            self._position_s = chunk.at_s + chunk.seconds
        return chunks

    def broken(self) -> None:
        """A new line: its time has nothing to do with the old one's."""
        self._begin_anew()
        self._needed.clear()
        self._wait_s = FIRST_WAIT_S

    # --- inside ----------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        self._aside.clear()
        self._position_s = None
        self._base_s = self._base_before_s = math.inf

    def _next(self, now_s: float) -> LiveChunk | None:
        if self._position_s is None:
            return None
        turn_s = now_s - self._base - self._wait_s  # of what ends here the turn has come
        first = min(self._aside, default=None)
        if first is None:
            return self._nothing(turn_s, self._position_s)
        chunk = self._aside[first]
        if chunk.at_s + chunk.seconds > turn_s:
            return None
        missing_s = chunk.at_s - self._position_s
        if missing_s > NEAR_S:
            missing_s = min(missing_s, HOLE_MOST_S)
            return _hole(chunk.at_s - missing_s, missing_s, chunk)
        del self._aside[first]
        return chunk

    def _nothing(self, turn_s: float, position_s: float) -> LiveChunk | None:
        """A hole is shown after a moment, not when the next block comes."""
        newest = self._newest
        if newest is None or turn_s - position_s < HOLE_S:
            return None
        if position_s - (newest.at_s + newest.seconds) > NOTHING_AFTER_S:
            return None
        return _hole(position_s, HOLE_S, newest)

    def _meet(self, chunk: LiveChunk, now_s: float) -> None:
        way_s = now_s - (chunk.at_s + chunk.seconds)
        if now_s - self._base_since_s >= BASE_OF_S:
            self._base_before_s, self._base_s = self._base_s, way_s
            self._base_since_s = now_s
        self._base_s = min(self._base_s, way_s)
        if way_s - self._base < TOO_LATE_S:
            self._needed.append(way_s - self._base)

    def _put_aside(self, chunk: LiveChunk) -> None:
        if chunk.at_s >= self.position_s - NEAR_S and len(self._aside) < ASIDE_MOST:
            self._aside[round(chunk.at_s * 1e6)] = chunk

    @property
    def _base(self) -> float:
        return min(self._base_s, self._base_before_s)

    def _adapt(self, now_s: float) -> None:
        passed_s = now_s - self._looked_at_s
        if passed_s < ADAPT_EVERY_S or len(self._needed) < NEEDED_LEAST:
            return
        self._looked_at_s = now_s
        wanted_s = min(max(self._needed_s() + SPARE_S, LEAST_WAIT_S), MOST_WAIT_S)
        if wanted_s > self._wait_s:
            self._wait_s = wanted_s
        else:
            less_s = LESS_S + LESS_SHARE * (self._wait_s - wanted_s)
            self._wait_s = max(wanted_s, self._wait_s - less_s * min(passed_s, 1.0))

    def _needed_s(self) -> float:
        ordered = sorted(self._needed)
        soon = [late_s for late_s in ordered if late_s <= FOR_AS_LONG_AS_S]
        return max(_share_of(ordered, MOST_OF_THEM), _share_of(soon, NEARLY_ALL))


def _share_of(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def _hole(at_s: float, seconds: float, like: LiveChunk) -> LiveChunk:
    return LiveChunk(at_s, seconds, b"", like.rate_hz, like.is_monitor)


def chunk_of(at_sample: int, samples: bytes, rate_hz: int) -> LiveChunk:
    seconds = len(samples) / SAMPLE_BYTES / rate_hz
    return LiveChunk(at_sample / rate_hz, seconds, samples, rate_hz)
