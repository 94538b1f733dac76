"""`python -m bench.heart_rate_fit`: weighs anew what speaks for a heart rate, on invented hearts.

Prints the numbers of media/auscultation/heart_judge.py. Its seeds begin at a million, those of the
benchmark are below a thousand: what is judged there was never learned from. Takes a quarter of an
hour.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bench.heart_sounds import HeartSound, heart_sound, sound_without_heart
from media.auscultation.beat_evidence import cases_of, rate_of
from media.auscultation.beat_likeness import Likeness
from media.auscultation.heart_loudness import FRAMES_PER_S, HeartLoudness, marked
from media.auscultation.heart_rate import LEAST_S

FIRST_HEART, FIRST_OTHER = 1_000_000, 3_000_000
HEARTS, OTHERS = 3000, 500
SHORT_SHARE, SHORT_S = 0.3, (4.0, 12.0)  # what is live is short
RIGHT_WITHIN = 3.0  # beats a minute
STIFFNESS = 2.0
ROUNDS = 40

Number = npt.NDArray[np.float64]


@dataclass(slots=True)
class Lessons:
    names: tuple[str, ...] = ()
    facts: list[list[float]] = field(default_factory=list)
    is_right: list[bool] = field(default_factory=list)

    def learn(self, sound: HeartSound) -> None:
        loudness = HeartLoudness(sound.rate_hz).heard(sound.samples)
        if len(loudness) < LEAST_S * FRAMES_PER_S:
            return
        marks, weight = marked(loudness)
        if not np.any(marks):
            return
        bands = Likeness(marks, weight)
        total = Likeness(marks.sum(axis=1, keepdims=True), weight)
        paths = bands.paths()
        cases = cases_of(bands, total, paths, 1 - float(weight.mean()))
        for path, case in zip(paths, cases, strict=True):
            self.names = tuple(case.evidence)
            self.facts.append(list(case.evidence.values()))
            error = abs(rate_of(bands, path) - sound.beats_per_minute)
            self.is_right.append(error <= RIGHT_WITHIN)


def sounds(hearts: int, others: int) -> Iterator[HeartSound]:
    for make, first, count in (
        (heart_sound, FIRST_HEART, hearts),
        (sound_without_heart, FIRST_OTHER, others),
    ):
        for seed in range(first, first + count):
            yield make(seed, _seconds_of(seed))


def _seconds_of(seed: int) -> float | None:
    chance = np.random.default_rng(7 * seed + 1)
    return float(chance.uniform(*SHORT_S)) if chance.random() < SHORT_SHARE else None


def fitted(facts: Number, is_right: npt.NDArray[np.bool_]) -> tuple[float, Number]:
    """A logistic regression: (constant, weights) of the facts as they are."""
    middle, spread = facts.mean(axis=0), facts.std(axis=0) + 1e-9
    scaled = np.column_stack((np.ones(len(facts)), (facts - middle) / spread))
    wanted = is_right.astype(np.float64)
    stiff = np.full(scaled.shape[1], STIFFNESS)
    stiff[0] = 0.0
    weights = np.zeros(scaled.shape[1])
    for _ in range(ROUNDS):
        guess = 1 / (1 + np.exp(-np.clip(scaled @ weights, -30, 30)))
        slope = scaled.T @ (guess - wanted) + stiff * weights
        bend = (scaled * (guess * (1 - guess))[:, None]).T @ scaled + np.diag(stiff)
        weights = weights - np.linalg.solve(bend, slope)
    plain = weights[1:] / spread
    return float(weights[0] - plain @ middle), plain


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.heart_rate_fit")
    parser.add_argument("--hearts", type=int, default=HEARTS)
    parser.add_argument("--others", type=int, default=OTHERS)
    asked = parser.parse_args(arguments)
    lessons = Lessons()
    for sound in sounds(asked.hearts, asked.others):
        lessons.learn(sound)
    constant, weights = fitted(np.array(lessons.facts), np.array(lessons.is_right))
    print(f"CONSTANT = {constant:.4g}")
    print("WEIGHTS = {")
    for name, weight in zip(lessons.names, weights, strict=True):
        print(f'    "{name}": {weight:.4g},')
    print("}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
