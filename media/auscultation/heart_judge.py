"""How much each piece of evidence for a period between beats weighs: how sure it is, all in all.

A logistic regression, fitted by bench/heart_rate_fit.py on invented hearts. Where there is a plain
doubt (beat_evidence.py), or twice the rate is as credible, it is not asked: what is doubtful is not
believed.
"""

import math
from collections.abc import Sequence

from media.auscultation.beat_evidence import Case

CONSTANT = 0.5275
WEIGHTS = {
    "log peak": 2.921,
    "steady peak": -1.249,
    "over the usual": -3,
    "over 2/3": 3.33,
    "over 5/4": 6.32,
    "over triple": -5.394,
    "zigzag": 0.2897,
    "zigzag of double": -0.4464,
    "second": -8.993,
    "second share": 2.529,
    "deepest of all": 7.313,
    "one sound, fast": -16.52,
    "slow": -10.59,
    "roughness": 173.9,
    "doubt of rate": -0.9351,
    "over shorter": 2.818,
    "over longer": 1.421,
    "under best": -13.65,
}
MOST_SCORE = 30.0
DOUBTFUL_MOST = 0.45
CREDIBLE, DOUBLE = 0.5, (1.8, 2.2)


def best_of(cases: Sequence[Case]) -> tuple[int, float]:
    """Which of them it is, and how sure that is, from 0 to 1."""
    beliefs = [_belief_in(case) for case in cases]
    sure = [
        min(belief, DOUBTFUL_MOST) if case.is_doubtful else belief
        for case, belief in zip(cases, beliefs, strict=True)
    ]
    best = max(range(len(cases)), key=sure.__getitem__)
    for case, belief in zip(cases, beliefs, strict=True):
        if belief > CREDIBLE and _is_double(case, cases[best]):
            return best, min(sure[best], DOUBTFUL_MOST)
    return best, sure[best]


def _belief_in(case: Case) -> float:
    score = CONSTANT + sum(weight * case.evidence[name] for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-max(-MOST_SCORE, min(MOST_SCORE, score))))


def _is_double(case: Case, other: Case) -> bool:
    """Of a rate; whichever of the two is the heart's, the other is as good."""
    return DOUBLE[0] < other.period / case.period < DOUBLE[1]
