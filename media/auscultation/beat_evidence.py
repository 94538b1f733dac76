"""What speaks for one period between beats and against it, next to its half, its double and others.

Numbers for a judge (heart_judge.py), who knows how much each of them weighs.
"""

import numpy as np

from media.auscultation.beat_likeness import LATEST, Likeness, Path
from media.auscultation.heart_loudness import FRAMES_PER_S, Number

ONE = np.ones(1)
INNER = np.arange(0.2, 0.81, 0.03)  # of a period: where the second sound may be
BETWEEN = np.array([1 / 3, 2 / 3, 1.25, 4 / 3])  # where no sound of this period comes again
TRIPLE = 3 * np.array([0.97, 0.985, 1.0, 1.015, 1.03])
LEAST_INNER, LEAST_TOTAL, LEAST_AFTER = 12, 9, 8  # frames: two sounds nearer than that are one
NOTHING = -0.2  # what a period that is not there is worth
SLIGHTLY_OFF = 2.0  # frames, to find the top of a peak
FAST_LOGARITHM, FAST_TOTAL = -0.5, -0.45  # of seconds: 99 and 94 beats a minute
FASTEST_USUAL, DOUBTFUL_ABOVE = 185.0, 110.0  # beats a minute
SHORTEST, LONGEST = 28, 190  # frames
MOST_SURE = 8.0

Evidence = dict[str, float]


def rate_of(likeness: Likeness, path: Path) -> float:
    """Beats a minute, over all blocks in which there was something to see."""
    _, most = likeness.along(path, ONE)
    total = most.sum()
    period = float((path.periods * most[0]).sum() / total) if total > 0 else path.period
    sides = [
        float(likeness.at(Path(path.periods + off), ONE)[0])
        for off in (-SLIGHTLY_OFF, 0.0, SLIGHTLY_OFF)
    ]
    bend = sides[0] - 2 * sides[1] + sides[2]
    if bend < 0:
        period += SLIGHTLY_OFF * float(np.clip(0.5 * (sides[0] - sides[2]) / bend, -1, 1))
    return 60 * FRAMES_PER_S / period


def evidence_of(bands: Likeness, total: Likeness, paths: list[Path]) -> list[Evidence]:
    """One for each path. `bands` knows tone and loudness, `total` loudness alone."""
    peaks = [float(bands.at(path, ONE)[0]) for path in paths]
    periods = [path.period for path in paths]
    return [
        _at_period(bands, path, peak)
        | _second_sound(bands, total, path, peak)
        | _agreement(bands, path)
        | _beside(peaks, periods, place)
        for place, (path, peak) in enumerate(zip(paths, peaks, strict=True))
    ]


def _at_period(bands: Likeness, path: Path, peak: float) -> Evidence:
    """How much better it is than what lies between its beats, and at three of them."""
    third, two_thirds, quarter_past, third_past = (peak - bands.at(path, BETWEEN)).tolist()
    triple = peak
    if TRIPLE.max() * path.period < LATEST:
        triple = float(bands.at(path, TRIPLE).max())
    return {
        "log peak": float(np.log(max(peak, 0.02))),
        "steady peak": bands.overall(path.period),
        "over 1/3": third,
        "over 2/3": two_thirds,
        "over 5/4": quarter_past,
        "over 4/3": third_past,
        "over triple": peak - triple,
        "zigzag": _zigzag(bands, path, np.array([0.5, 1.0, 1.5])),
        "zigzag of double": _zigzag(bands, path, np.array([1.0, 2.0, 3.0])),
    }


def _second_sound(bands: Likeness, total: Likeness, path: Path, peak: float) -> Evidence:
    """Every heart makes two sounds a beat; in a fast one it matters most whether both are there."""
    second = _inner(bands, path, LEAST_INNER)
    of_total = _inner(total, path, LEAST_TOTAL)
    share = float(second.max()) / max(peak, 0.1)
    total_share = float(of_total.max()) / max(float(total.at(path, ONE)[0]), 0.1)
    logarithm = float(np.log(path.period / FRAMES_PER_S))
    fast, fast_total = max(0.0, FAST_LOGARITHM - logarithm), max(0.0, FAST_TOTAL - logarithm)
    is_fast = 60 * FRAMES_PER_S / path.period > DOUBTFUL_ABOVE
    return {
        "second": float(second.max()),
        "second share": share,
        "second share of all": total_share,
        "deepest of all": float(of_total.min()),
        "one sound, fast": max(0.0, 0.5 - share) * fast,
        "one sound of all, fast": max(0.0, 0.5 - total_share) * fast_total,
        "fast": fast,
        "slow": max(0.0, logarithm),
        # One sound a beat: it may as well be half so fast, with two sounds that are alike.
        "one sound only": float(is_fast and total_share < 0.0),
    }


def _inner(likeness: Likeness, path: Path, least: int) -> Number:
    frames = path.period * INNER
    inside = INNER[(frames > least) & (path.period - frames > LEAST_AFTER)]
    return likeness.at(path, inside) if len(inside) else np.array([NOTHING])


def _agreement(bands: Likeness, path: Path) -> Evidence:
    """Whether every two seconds say the same, and how sure that makes the rate."""
    alike, most = bands.along(path, ONE)
    least = 0.2 * bands.usual
    each = alike[0] / np.maximum(most[0], least)
    best = (bands.alike / np.maximum(bands.most, least))[:, SHORTEST:LONGEST].max(axis=1)
    wander = float(np.std(np.log(path.periods)))
    rate = 60 * FRAMES_PER_S / path.period
    return {
        "blocks that agree": float(np.mean(each > 0.7 * best)),
        "doubt of rate": rate * wander / float(np.sqrt(bands.frames / (2 * FRAMES_PER_S))),
        "too fast": 10 * max(0.0, float(np.log(rate / FASTEST_USUAL))),
        "log beats": float(np.log(bands.frames / path.period)),
    }


def _beside(peaks: list[float], periods: list[float], place: int) -> Evidence:
    """Next to the other candidates."""
    peak, period = peaks[place], periods[place]
    shorter = max(
        (peaks[at] for at, other in enumerate(periods) if other < 0.94 * period), default=NOTHING
    )
    return {
        "over shorter": peak - shorter,
        "under shorter": max(0.0, shorter - peak),
        "under best": max(peaks) - peak,
    }


def _zigzag(bands: Likeness, path: Path, multiples: Number) -> float:
    """How surely the middle one of three is better than its neighbours, block by block.

    Sounds that take turns make it so at their double, however alike they are.
    """
    inside = multiples.max() * path.periods < LATEST - 1
    if not np.any(inside):
        return 0.0
    alike, _ = bands.along(path, multiples)
    each = (alike[1] - 0.5 * (alike[0] + alike[2]))[inside] / bands.usual
    doubt = each.std() / np.sqrt(max(1.0, len(each) / 3)) + 0.01
    return float(np.clip(each.mean() / doubt, -5.0, MOST_SURE))
