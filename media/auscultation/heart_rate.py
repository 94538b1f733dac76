"""The rate of a heart that is heard, and how sure that is: of a recording, or while it is made.

What stands out is compared with itself some time later (beat_likeness.py), what speaks for each
period between beats is gathered (beat_evidence.py) and weighed (heart_judge.py).
"""

from dataclasses import dataclass

import numpy as np

from media.auscultation.beat_evidence import cases_of, rate_of
from media.auscultation.beat_likeness import Likeness
from media.auscultation.heart_judge import best_of
from media.auscultation.heart_loudness import (
    COLUMNS,
    FRAMES_PER_S,
    HeartLoudness,
    Loudness,
    Samples,
    marked,
)

LEAST_S = 4.0
PIECE_S = 30.0  # of a long recording at a time: the rate may change
LAST_LEAST_S = 10.0  # a shorter rest belongs to the piece before it
LEAST_CONFIDENCE = 0.1  # below it nothing is said
SAME_RATE = 0.2  # two pieces tell of one rate when they differ by less, as a share
LIVE_S = 16.0
LIVE_EVERY_S = 1.0
JUMP = 0.15  # from one second to the next no heart does that


@dataclass(frozen=True, slots=True)
class Estimate:
    """`confidence` from 0 to 1: how often such an estimate is right within 3 beats a minute."""

    beats_per_minute: float
    confidence: float


def heart_rate(samples: Samples, rate_hz: int) -> Estimate | None:
    """Of a whole recording; None when there is none to be heard."""
    count = HeartRateCount(rate_hz)
    count.heard(samples)
    return count.estimate()


class HeartRateCount:
    """Of a recording of any length, fed in blocks; keeps no more than its newest 40 seconds."""

    def __init__(self, rate_hz: int) -> None:
        self._loudness = HeartLoudness(rate_hz)
        self._rows: list[Loudness] = []
        self._count = 0
        self._pieces: list[tuple[float, Estimate | None]] = []  # how long, what

    def heard(self, samples: Samples) -> None:
        rows = self._loudness.heard(samples)
        self._rows.append(rows)
        self._count += len(rows)
        piece = round(PIECE_S * FRAMES_PER_S)
        while self._count >= piece + round(LAST_LEAST_S * FRAMES_PER_S):
            waiting = np.concatenate(self._rows)
            self._pieces.append((PIECE_S, estimate_of(waiting[:piece])))
            self._rows, self._count = [waiting[piece:]], self._count - piece

    def estimate(self) -> Estimate | None:
        """Of all that was heard so far."""
        rest = np.concatenate([np.zeros((0, COLUMNS)), *self._rows])
        return _together([*self._pieces, (len(rest) / FRAMES_PER_S, estimate_of(rest))])


class HeartRateWatch:
    """While it is heard: an estimate of the last 16 seconds, once a second.

    `now` is the newest; None again when nothing is heard any more.
    """

    def __init__(self, rate_hz: int) -> None:
        self._loudness = HeartLoudness(rate_hz)
        self._every = max(1, round(LIVE_EVERY_S * rate_hz))
        self._waiting: list[Samples] = []
        self._waiting_count = 0
        self._rows: Loudness = np.zeros((0, COLUMNS))
        self._last: Estimate | None = None
        self.now: Estimate | None = None

    def heard(self, samples: Samples) -> Estimate | None:
        """None between the seconds, and while there is nothing to say."""
        self._waiting.append(samples)
        self._waiting_count += len(samples)
        if self._waiting_count < self._every:
            return None
        rows = self._loudness.heard(np.concatenate(self._waiting))
        self._waiting, self._waiting_count = [], 0
        newest = round(LIVE_S * FRAMES_PER_S)
        self._rows = np.concatenate((self._rows, rows))[-newest:]
        found = estimate_of(self._rows)
        self.now, self._last = _doubted(found, self._last), found
        return self.now


def estimate_of(loudness: Loudness) -> Estimate | None:
    """Of up to about 40 seconds."""
    if len(loudness) < LEAST_S * FRAMES_PER_S:
        return None
    marks, weight = marked(loudness)
    if not np.any(marks):
        return None
    bands, total = Likeness(marks, weight), Likeness(marks.sum(axis=1, keepdims=True), weight)
    paths = bands.paths()
    unseen = 1 - float(weight.mean())
    best, confidence = best_of(cases_of(bands, total, paths, unseen))
    if confidence < LEAST_CONFIDENCE:
        return None
    return Estimate(rate_of(bands, paths[best]), confidence)


def _together(pieces: list[tuple[float, Estimate | None]]) -> Estimate | None:
    """The middle one by confidence and length; sure as far as the others agree with it."""
    told = [(long_s, one) for long_s, one in pieces if one is not None]
    if not told:
        return None
    told.sort(key=lambda piece: piece[1].beats_per_minute)
    weights = np.cumsum([long_s * one.confidence for long_s, one in told])
    middle = told[int(np.searchsorted(weights, weights[-1] / 2))][1]
    near = [
        long_s * one.confidence
        for long_s, one in told
        if abs(np.log(one.beats_per_minute / middle.beats_per_minute)) < SAME_RATE
    ]
    # A last piece that is too short to judge says nothing against the others.
    judged_s = sum(long_s for long_s, one in pieces if one is not None or long_s >= LEAST_S)
    return Estimate(middle.beats_per_minute, float(sum(near)) / judged_s)


def _doubted(found: Estimate | None, last: Estimate | None) -> Estimate | None:
    if found is None or last is None:
        return found
    if abs(np.log(found.beats_per_minute / last.beats_per_minute)) < JUMP:
        return found
    return Estimate(found.beats_per_minute, found.confidence / 2)
