"""What speaks for one period between beats and against it, next to its half, its double and others.

Numbers for a judge (heart_judge.py), who knows how much each of them weighs.
"""

import numpy as np

from media.auscultation.beat_likeness import LATEST, Likeness, Path
from media.auscultation.heart_loudness import FRAMES_PER_S, Number

INNER = np.arange(0.2, 0.81, 0.03)  # of a period: where the second sound may be
OUTER = np.arange(1.25, 1.76, 0.05)  # past it, short of the double
BETWEEN = np.array([0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.25, 4 / 3, 1.5, 5 / 3])
AROUND = np.array([-0.03, -0.015, 0.0, 0.015, 0.03])
LEAST_INNER = 12  # frames: two sounds nearer than that are one
LEAST_AFTER = 8
NOTHING = -0.2  # what a period that is not there is worth
SLIGHTLY_OFF = 2.0  # frames, to find the top of a peak
FAST_PERIOD = -0.5  # the logarithm of seconds: 99 beats a minute
MOST_SURE = 8.0

Evidence = dict[str, float]


def rate_of(likeness: Likeness, path: Path) -> float:
    """Beats a minute, over all blocks in which there was something to see."""
    ones = np.ones(1)
    _, most = likeness.along(path, ones)
    total = most.sum()
    period = float((path.periods * most[0]).sum() / total) if total > 0 else path.period
    sides = [
        float(likeness.at(Path(path.periods + off), ones)[0])
        for off in (-SLIGHTLY_OFF, 0.0, SLIGHTLY_OFF)
    ]
    bend = sides[0] - 2 * sides[1] + sides[2]
    if bend < 0:
        period += SLIGHTLY_OFF * float(np.clip(0.5 * (sides[0] - sides[2]) / bend, -1, 1))
    return 60 * FRAMES_PER_S / period


def evidence_of(
    likeness: Likeness, paths: list[Path], median: float, unseen: float
) -> list[Evidence]:
    """One for each path. `unseen`: the share of time in which nothing came."""
    peaks = [float(likeness.at(path, np.ones(1))[0]) for path in paths]
    periods = [path.period for path in paths]
    found = []
    for place, path in enumerate(paths):
        facts = _of_one(likeness, path, peaks[place])
        facts |= _beside(peaks, periods, place)
        facts |= {"above median": peaks[place] - median, "unseen": unseen}
        found.append(facts)
    return found


def _of_one(likeness: Likeness, path: Path, peak: float) -> Evidence:
    period = path.period
    between = dict(zip(BETWEEN, likeness.at(path, BETWEEN), strict=True))
    inside = INNER[(period * INNER > LEAST_INNER) & (period * (1 - INNER) > LEAST_AFTER)]
    inner = likeness.at(path, inside) if len(inside) else np.array([NOTHING])
    second = float(inner.max())
    second_share = second / max(peak, 0.1)
    double = float(likeness.at(path, 2 * (1 + AROUND)).max())
    triple = double
    if 3 * period < 0.95 * LATEST:
        triple = float(likeness.at(path, 3 * (1 + AROUND)).max())
    half = float(likeness.at(path, 0.5 * (1 + AROUND)).max())
    logarithm = float(np.log(period / FRAMES_PER_S))
    fast = max(0.0, FAST_PERIOD - logarithm)
    zigzag = _zigzag(likeness, path, np.array([0.5, 1.0, 1.5]))
    facts = {
        "peak": peak,
        "log peak": float(np.log(max(peak, 0.02))),
        "over double": peak - double,
        "over triple": peak - triple,
        "over half": peak - half,
        "half nearly": max(0.0, half - 0.8 * peak),
        "second": second,
        "second share": second_share,
        "one sound, fast": max(0.0, 0.5 - second_share) * fast,
        "no second, fast": max(0.0, 0.2 - second_share) * fast,
        "deepest": float(inner.min()),
        "over outer": peak - float(likeness.at(path, OUTER).max()),
        "steady peak": likeness.overall(period),
        "zigzag": zigzag,
        "zigzag, fast": zigzag * fast,
        "zigzag of double": _zigzag(likeness, path, np.array([1.0, 2.0, 3.0])),
        "log period": logarithm,
        "log period squared": logarithm**2,
        "fast": fast,
        "slow": max(0.0, logarithm),
        "log beats": float(np.log(likeness.frames / period)),
    }
    facts |= {f"over {multiple:.2f}": peak - float(at) for multiple, at in between.items()}
    return facts | _agreement(likeness, path)


def _agreement(likeness: Likeness, path: Path) -> Evidence:
    """Whether every two seconds say the same."""
    alike, most = likeness.along(path, np.ones(1))
    least = 0.2 * likeness.usual
    each = alike[0] / np.maximum(most[0], least)
    shortest, longest = 28, 190
    everywhere = likeness.alike / np.maximum(likeness.most, least)
    best = everywhere[:, shortest:longest].max(axis=1)
    steps = np.diff(np.log(path.periods))
    wander = float(np.std(np.log(path.periods)))
    rate = 60 * FRAMES_PER_S / path.period
    return {
        "mean of blocks": float(each.mean()),
        "spread of blocks": float(each.std()),
        "worst block": float(each.min()),
        "blocks that agree": float(np.mean(each > 0.7 * best)),
        "roughness": float(np.mean(np.abs(steps))) if len(steps) else 0.0,
        "wander": wander,
        "doubt of rate": rate * wander / float(np.sqrt(likeness.frames / (2 * FRAMES_PER_S))),
        "too fast": 10 * max(0.0, float(np.log(rate / 185))),
    }


def _beside(peaks: list[float], periods: list[float], place: int) -> Evidence:
    """Next to the other candidates."""
    peak, period = peaks[place], periods[place]
    shorter = _best(peaks, [other < 0.94 * period for other in periods])
    longer = _best(peaks, [other > 1.06 * period for other in periods])
    rival = _best(peaks, [not _is_kin(other / period) for other in periods])
    return {
        "over shorter": peak - shorter,
        "under shorter": max(0.0, shorter - peak),
        "over longer": peak - longer,
        "under longer": max(0.0, longer - peak),
        "over rival": peak - rival,
        "under best": max(peaks) - peak,
    }


def _best(peaks: list[float], are_meant: list[bool]) -> float:
    return max(
        (peak for peak, is_meant in zip(peaks, are_meant, strict=True) if is_meant),
        default=NOTHING,
    )


def _is_kin(ratio: float) -> bool:
    """Itself, a multiple, or a whole part."""
    whole = max(1, round(max(ratio, 1 / ratio)))
    return abs(np.log(max(ratio, 1 / ratio) / whole)) < 0.06


def _zigzag(likeness: Likeness, path: Path, multiples: Number) -> float:
    """How surely the middle one of three is better than its neighbours, block by block.

    Sounds that take turns make it so at their double, however alike they are.
    """
    inside = multiples.max() * path.periods < LATEST - 1
    if not np.any(inside):
        return 0.0
    alike, _ = likeness.along(path, multiples)
    each = (alike[1] - 0.5 * (alike[0] + alike[2]))[inside] / likeness.usual
    doubt = each.std() / np.sqrt(max(1.0, len(each) / 3)) + 0.01
    return float(np.clip(each.mean() / doubt, -5.0, MOST_SURE))
