"""Heart rates: on the recordings with an ECG beside them, on invented hearts, beside a plain peer.

Confidence is judged as well: low where it is wrong, high where it is right. Failures are printed.
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.container import InputContainer

from bench.devices.amount import Amount
from bench.heart_sounds import HeartSound, heart_sound, sound_without_heart
from bench.plain_heart_rate import plain_heart_rate
from bench.rows import Row, not_measured, rounded, spread_of
from media.auscultation.heart_rate import heart_rate

ROOT = Path(__file__).resolve().parent.parent.parent
HEARTS, OTHERS = 500, 200
QUICK_HEARTS, QUICK_OTHERS = 20, 8
WITHIN = 3.0  # beats a minute
LOW, HIGH = 0.5, 0.8
PEER = "plain autocorrelation of the envelope (20 to 150 Hz, highest peak)"
TOLD_BY = "synthetic: 40 to 180/min, SNR 0 to 20 dB, breath, murmur, knocks, dropouts"

Samples = npt.NDArray[np.int16]
# (beats a minute, confidence); None when nothing was heard.
Told = tuple[float, float] | None
Estimator = Callable[[Samples, int], Told]


@dataclass(frozen=True, slots=True)
class Judged:
    truth: float
    told: Told
    about: str

    @property
    def error(self) -> float:
        return abs(self.told[0] - self.truth) if self.told else float("inf")

    @property
    def is_right(self) -> bool:
        return self.error <= WITHIN

    @property
    def confidence(self) -> float:
        return self.told[1] if self.told else 0.0


def rows(amount: Amount) -> Iterator[Row]:
    yield from _recorded()
    hearts = QUICK_HEARTS if amount.is_quick else HEARTS
    yield from _invented(hearts)
    yield _without_heart(QUICK_OTHERS if amount.is_quick else OTHERS)


def ours(samples: Samples, rate_hz: int) -> Told:
    found = heart_rate(samples, rate_hz)
    return (found.beats_per_minute, found.confidence) if found else None


# --- recordings ----------------------------------------------------------------------------------


def _recorded() -> Iterator[Row]:
    name, goal = "heart rate: worst error on recordings with an ECG", f"<= {WITHIN}"
    sure = "heart rate: least confidence where it is right, recordings with an ECG"
    folder = recordings_folder()
    if folder is None:
        yield not_measured(name, "/min", goal, "the recordings are not on this machine")
        yield not_measured(sure, "", None, "the recordings are not on this machine")
        return
    truths = json.loads((folder / "heart_rate_truth.json").read_text(encoding="utf-8"))
    own = [_judged_file(folder / file, one, ours) for file, one in truths.items()]
    plain = [_judged_file(folder / file, one, plain_heart_rate) for file, one in truths.items()]
    _print_failures("ours", own)
    errors = [one.error for one in own]
    note = "; ".join(f"{one.about}: {_told(one)}, ECG {one.truth:g}" for one in own)
    worst, worst_plain = max(errors), max(one.error for one in plain)
    yield Row(
        name, "/min", rounded(worst), len(own), spread_of(errors), note, goal, PEER,
        rounded(worst_plain) if np.isfinite(worst_plain) else None,
    )  # fmt: skip
    confidences = [one.confidence for one in own if one.is_right]
    least = rounded(min(confidences)) if confidences else None
    yield Row(sure, "", least, len(confidences), spread_of(confidences), "of 0 to 1")


def _judged_file(path: Path, truth: dict[str, float], estimator: Estimator) -> Judged:
    samples, rate_hz = samples_of_file(path.read_bytes())
    return Judged(truth["heart_rate_bpm_median"], estimator(samples, rate_hz), path.name)


def samples_of_file(data: bytes) -> tuple[Samples, int]:
    to_one = av.AudioResampler(format="s16", layout="mono")
    with av.open(io.BytesIO(data), "r") as file:
        assert isinstance(file, InputContainer)
        parts = [
            made.to_ndarray().reshape(-1)
            for frame in file.decode(audio=0)
            for made in to_one.resample(frame)
        ]
        return np.concatenate(parts), file.streams.audio[0].rate


def recordings_folder() -> Path | None:
    found = (folder / "shared" / "data" / "recordings" for folder in ROOT.parents)
    return next((folder for folder in found if folder.is_dir()), None)


# --- invented hearts -----------------------------------------------------------------------------


def _invented(count: int) -> Iterator[Row]:
    own: list[Judged] = []
    plain: list[Judged] = []
    for seed in range(count):
        sound = heart_sound(seed)
        own.append(_judged(sound, ours))
        plain.append(_judged(sound, plain_heart_rate))
    _print_failures("ours", own)
    yield from confidence_rows(own, plain)


def confidence_rows(own: Sequence[Judged], plain: Sequence[Judged]) -> Iterator[Row]:
    right, note = [one for one in own if one.is_right], TOLD_BY
    plainly_right = [one for one in plain if one.is_right]
    errors = [min(one.error, 999.0) for one in own]
    yield Row(
        f"heart rate: share within {WITHIN:g}/min of the truth",
        "",
        rounded(len(right) / len(own)),
        len(own),
        {f"error {name}": value for name, value in spread_of(errors).items()},
        note,
        ">= 0.99",
        PEER,
        rounded(len(plainly_right) / len(plain)),
    )
    believed = sum(one.confidence >= LOW for one in own if not one.is_right)
    plainly_believed = sum(one.confidence >= LOW for one in plain if not one.is_right)
    wrong = [one.confidence for one in own if not one.is_right]
    yield Row(
        f"heart rate: wrong with a confidence of {LOW:g} or more",
        "",
        believed,
        len(own),
        spread_of(wrong),
        f"{len(wrong)} of {len(own)} are wrong, their confidences in the spread; {note}",
        "== 0",
        PEER,
        plainly_believed,
    )
    sure = [one.confidence for one in right]
    yield Row(
        f"heart rate: share of the right ones with a confidence of {HIGH:g} or more",
        "",
        rounded(float(np.mean(np.array(sure) >= HIGH))) if sure else None,
        len(sure),
        spread_of(sure),
        note,
        ">= 0.8",
        PEER,
        rounded(float(np.mean([one.confidence >= HIGH for one in plainly_right]))),
    )


def _without_heart(count: int) -> Row:
    found = [_judged(sound_without_heart(seed), ours) for seed in range(count)]
    believed = sum(one.confidence >= LOW for one in found)
    return Row(
        f"heart rate: heard where no heart is, with a confidence of {LOW:g} or more",
        "",
        believed,
        count,
        spread_of([one.confidence for one in found]),
        "breath, noise, knocks and dropouts without a heart; no goal of the issue",
    )


def _judged(sound: HeartSound, estimator: Estimator) -> Judged:
    return Judged(sound.beats_per_minute, estimator(sound.samples, sound.rate_hz), sound.told)


def _print_failures(who: str, judged: Sequence[Judged]) -> None:
    for one in judged:
        if not one.is_right:
            print(f"heart rate, {who}: {_told(one)} is {one.truth:.1f} ({one.about})", flush=True)


def _told(one: Judged) -> str:
    if one.told is None:
        return "nothing told"
    return f"{one.told[0]:.1f}/min told with {one.confidence:.2f}"
