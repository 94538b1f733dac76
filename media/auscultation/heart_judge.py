"""How much each piece of evidence for a period between beats weighs: how sure it is, all in all.

A logistic regression, fitted by bench/heart_rate_fit.py on invented hearts; what is wrong and
believed counted three times there: better doubted than wrong.
"""

import math

from media.auscultation.beat_evidence import Evidence

CONSTANT = -0.03851
WEIGHTS = {
    "log peak": 3.744,
    "steady peak": -4.83,
    "over 1/3": -2.853,
    "over 2/3": 4.051,
    "over 5/4": 5.877,
    "over 4/3": 2.454,
    "over triple": -2.467,
    "zigzag": 0.314,
    "zigzag of double": -0.6227,
    "second": -11.58,
    "second share": 2.752,
    "second share of all": 1.289,
    "deepest of all": 6.794,
    "one sound, fast": -9.872,
    "one sound of all, fast": -6.917,
    "fast": -3.654,
    "slow": -7.842,
    "blocks that agree": 0.3517,
    "doubt of rate": -0.3689,
    "too fast": -5.972,
    "log beats": 0.3322,
    "over shorter": 2.83,
    "under shorter": -13.63,
    "under best": -14.79,
}
MOST = 30.0
ONE_SOUND_MOST = 0.45  # a fast heart with one sound a beat may be a slow one with two


def confidence_of(evidence: Evidence) -> float:
    """0 to 1."""
    score = CONSTANT + sum(weight * evidence[name] for name, weight in WEIGHTS.items())
    confidence = 1 / (1 + math.exp(-max(-MOST, min(MOST, score))))
    return min(confidence, ONE_SOUND_MOST) if evidence["one sound only"] else confidence
