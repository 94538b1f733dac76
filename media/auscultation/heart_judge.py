"""How much each piece of evidence for a period between beats weighs: how sure it is, all in all.

A logistic regression, fitted by bench/heart_rate_fit.py on invented hearts (seeds from a million
on), where what is wrong and believed counts six times: better doubted than wrong.
"""

import math

from media.auscultation.beat_evidence import Evidence

CONSTANT = -16.61
WEIGHTS = {
    "peak": 1.091,
    "log peak": 1.417,
    "over double": 1.917,
    "over triple": -3.662,
    "over half": -0.2506,
    "half nearly": -15.82,
    "second": 1.014,
    "second share": 2.534,
    "one sound, fast": -11.32,
    "no second, fast": -25.38,
    "deepest": 5.801,
    "over outer": 3.19,
    "steady peak": -3.453,
    "zigzag": 0.4659,
    "zigzag, fast": 0.03763,
    "zigzag of double": -0.7989,
    "log period": -1.955,
    "log period squared": 0.3604,
    "fast": 1.183,
    "slow": -9.218,
    "log beats": 1.313,
    "over 0.25": -0.4393,
    "over 0.33": -0.3732,
    "over 0.50": -0.1044,
    "over 0.67": 1.239,
    "over 0.75": 1.67,
    "over 1.25": 1.441,
    "over 1.33": 0.528,
    "over 1.50": 0.3935,
    "over 1.67": 3.572,
    "mean of blocks": 0.8914,
    "spread of blocks": 6.966,
    "worst block": 0.08559,
    "blocks that agree": 1.057,
    "roughness": 239.7,
    "wander": 3.295,
    "doubt of rate": -1.195,
    "too fast": -3.316,
    "over shorter": 2.966,
    "under shorter": -16.04,
    "over longer": 0.7397,
    "under longer": -1.598,
    "over rival": 1.171,
    "under best": -8.613,
    "above median": 12.4,
    "unseen": -2.227,
}
MOST = 30.0


def confidence_of(evidence: Evidence) -> float:
    """0 to 1; never more than 1 in 20 is wrong of those told with 0.95 or more."""
    score = CONSTANT + sum(weight * evidence[name] for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-max(-MOST, min(MOST, score))))
