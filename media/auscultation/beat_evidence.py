"""What speaks for one period between beats and against it, next to its half, its double and others.

Numbers for a judge (heart_judge.py), who knows how much each of them weighs.
"""

from dataclasses import dataclass

import numpy as np

from media.auscultation.beat_likeness import LATEST, Likeness, Path
from media.auscultation.heart_loudness import FRAMES_PER_S, Number

ONE = np.ones(1)
INNER = np.arange(0.2, 0.81, 0.03)  # of a period: where the second sound may be
BETWEEN = np.array([2 / 3, 1.25])  # where no sound of this period comes again
TRIPLE = 3 * np.array([0.97, 0.985, 1.0, 1.015, 1.03])
LEAST_INNER, LEAST_TOTAL, LEAST_AFTER = 12, 9, 8  # frames: two sounds nearer than that are one
NOTHING = -0.2  # what a period that is not there is worth
SLIGHTLY_OFF = 2.0  # frames, to find the top of a peak
FAST_LOGARITHM = -0.45  # of seconds: 94 beats a minute
MOST_SURE = 8.0

# What no weighing outweighs.
DOUBTFUL_ABOVE, NO_SECOND = 120.0, 0.12  # beats a minute, share
NEAR, AS_GOOD = 0.2, 0.85  # as shares: of a period, of its likeness
UNEVEN, UNSEEN_COUNTS = 2.4, 4.0
SHORT_S, UNEVEN_SHORT = 10.0, 2.0  # in so short a time less is seen of how the rate wanders
FEW_BEATS = 6.0  # that come again and again by chance

Evidence = dict[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one period: what can be weighed, and whether there is a plain doubt."""

    period: float  # frames
    evidence: Evidence
    is_doubtful: bool


def rate_of(likeness: Likeness, path: Path) -> float:
    """Beats a minute, over all blocks in which there was something to see."""
    _, most = likeness.along(path, ONE)
    total = most.sum()
    period = float((path.periods * most[0]).sum() / total) if total > 0 else path.period
    sides = [
        float(likeness.at(path.longer_by(off), ONE)[0])
        for off in (-SLIGHTLY_OFF, 0.0, SLIGHTLY_OFF)
    ]
    bend = sides[0] - 2 * sides[1] + sides[2]
    if bend < 0:
        period += SLIGHTLY_OFF * float(np.clip(0.5 * (sides[0] - sides[2]) / bend, -1, 1))
    return 60 * FRAMES_PER_S / period


def cases_of(bands: Likeness, total: Likeness, paths: list[Path], unseen: float) -> list[Case]:
    """One for each path. `bands` knows tone and loudness, `total` loudness alone.

    `unseen`: the share of time in which nothing came.
    """
    peaks = [float(bands.at(path, ONE)[0]) for path in paths]
    periods = [path.period for path in paths]
    cases = []
    for place, (path, peak) in enumerate(zip(paths, peaks, strict=True)):
        second, is_alone = _second_sound(bands, total, path, peak)
        wander = _wander(bands, path)
        doubt = wander["doubt of rate"] * (1 + UNSEEN_COUNTS * unseen)
        evidence = _at_period(bands, path, peak) | second | wander | _beside(peaks, periods, place)
        is_doubtful = (
            is_alone
            or _is_uneven(doubt, bands.frames)
            or bands.frames < FEW_BEATS * path.period
            or _has_near_rival(peaks, periods, place)
        )
        cases.append(Case(path.period, evidence, is_doubtful))
    return cases


def _at_period(bands: Likeness, path: Path, peak: float) -> Evidence:
    """How much better it is than what lies between its beats, at three of them, and anywhere."""
    two_thirds, quarter_past = (peak - bands.at(path, BETWEEN)).tolist()
    triple = peak
    if TRIPLE.max() * path.period < LATEST:
        triple = float(bands.at(path, TRIPLE).max())
    return {
        "log peak": float(np.log(max(peak, 0.02))),
        "steady peak": bands.overall(path.period),
        "over the usual": peak - bands.usual_likeness,
        "over 2/3": two_thirds,
        "over 5/4": quarter_past,
        "over triple": peak - triple,
        "zigzag": _zigzag(bands, path, np.array([0.5, 1.0, 1.5])),
        "zigzag of double": _zigzag(bands, path, np.array([1.0, 2.0, 3.0])),
    }


def _second_sound(
    bands: Likeness, total: Likeness, path: Path, peak: float
) -> tuple[Evidence, bool]:
    """Every heart makes two sounds a beat; in a fast one it matters most whether both are there.

    True when only one is: it may as well be half so fast, with two sounds that are alike.
    """
    second = float(_inner(bands, path, LEAST_INNER).max())
    of_total = _inner(total, path, LEAST_TOTAL)
    share = float(of_total.max()) / max(float(total.at(path, ONE)[0]), 0.1)
    logarithm = float(np.log(path.period / FRAMES_PER_S))
    evidence = {
        "second": second,
        "second share": second / max(peak, 0.1),
        "deepest of all": float(of_total.min()),
        "one sound, fast": max(0.0, 0.5 - share) * max(0.0, FAST_LOGARITHM - logarithm),
        "slow": max(0.0, logarithm),
    }
    is_fast = 60 * FRAMES_PER_S / path.period > DOUBTFUL_ABOVE
    return evidence, is_fast and share < NO_SECOND


def _inner(likeness: Likeness, path: Path, least: int) -> Number:
    frames = path.period * INNER
    inside = INNER[(frames > least) & (path.period - frames > LEAST_AFTER)]
    return likeness.at(path, inside) if len(inside) else np.array([NOTHING])


def _wander(bands: Likeness, path: Path) -> Evidence:
    """How unsteady the rate is, and how unsure that makes its mean: in beats a minute."""
    logarithms = np.log(path.periods)
    rate = 60 * FRAMES_PER_S / path.period
    in_blocks = np.sqrt(bands.frames / (2 * FRAMES_PER_S))
    return {
        "roughness": float(np.mean(np.abs(np.diff(logarithms)))) if len(logarithms) > 1 else 0.0,
        "doubt of rate": rate * float(np.std(logarithms)) / float(in_blocks),
    }


def _is_uneven(doubt: float, frames: int) -> bool:
    """So much that the mean of what was heard need not be the heart's."""
    tens = np.sqrt(frames / (SHORT_S * FRAMES_PER_S))
    return bool(doubt > min(UNEVEN, UNEVEN_SHORT * tens))


def _beside(peaks: list[float], periods: list[float], place: int) -> Evidence:
    """Next to the other candidates."""
    peak, period = peaks[place], periods[place]
    shorter = [other for other, at in zip(peaks, periods, strict=True) if at < 0.94 * period]
    longer = [other for other, at in zip(peaks, periods, strict=True) if at > 1.06 * period]
    return {
        "over shorter": peak - max(shorter, default=NOTHING),
        "over longer": peak - max(longer, default=NOTHING),
        "under best": max(peaks) - peak,
    }


def _has_near_rival(peaks: list[float], periods: list[float], place: int) -> bool:
    """A period close by is about as good: the true one may lie between them."""
    near = [
        peak
        for at, (peak, period) in enumerate(zip(peaks, periods, strict=True))
        if at != place and abs(np.log(period / periods[place])) < NEAR
    ]
    return max(near, default=NOTHING) > AS_GOOD * max(peaks[place], 0.05)


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
