"""What one end wrote of a run: its sources and what came from the far side, read to be scored."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.call.clip import Clip
from bench.call.facts import STEP, Facts
from bench.call.picture_score import Luma, Shown, lumas, read_number
from bench.call.speech import speech
from bench.call.speech_score import RATE_HZ, Sound, at_16_khz, lag_samples

LOOK_S = 10.0  # of the recorded source, to find its place in the file


@dataclass(frozen=True, slots=True)
class Seen:
    """Instants are monotonic seconds. `pictures` None: pixels were not kept."""

    put: list[tuple[float, int]]
    shown: list[Shown]
    pictures: list[Luma] | None
    said: Callable[[float, float], Sound]
    heard: Sound
    heard_at: float
    measures: list[dict[str, Any]]


def read(folder: Path, clip: Clip, *, with_pixels: bool, takes_turns: bool = False) -> Seen:
    told = json.loads((folder / "seen.json").read_text(encoding="utf-8"))
    pictures = None
    numbers: list[int | None] = [int(n) if n >= 0 else None for _, n, _, _ in told["shown"]]
    if with_pixels:
        pictures = list(lumas((folder / "luma").read_bytes(), told["shown"]))
        numbers = [read_number(luma, clip) for luma in pictures]
    shown = [
        Shown(at, number, int(width), int(height))
        for (at, _, width, height), number in zip(told["shown"], numbers, strict=True)
    ]
    recorded = folder / "said.i16"
    source = at_16_khz(speech(takes_turns=takes_turns))
    said = _said_by_clock(source, told["said_at"])
    if recorded.exists():
        said = _said_by_recording(source, _sound(recorded), told["said_at"])
    put = [(at, int(number)) for at, number in told["put"]]
    heard = _sound(folder / "heard.i16")
    return Seen(put, shown, pictures, said, heard, told["heard_at"] or 0.0, told["measures"])


def ladder_steps(measures: list[dict[str, Any]], start: float, end: float) -> Facts:
    """The share of the watch at each step of the ladder that was seen; nothing without a ladder."""
    steps = [one.get("step") for one in measures if start <= one["at"] < end]
    return {f"{STEP}{step}": steps.count(step) / len(steps) for step in steps if step is not None}


def _sound(path: Path) -> Sound:
    samples = np.fromfile(path, np.int16)
    return at_16_khz(samples) if len(samples) else np.zeros(0)


def _round(source: Sound, first: int, count: int) -> Sound:
    return np.asarray(np.take(source, np.arange(first, first + count), mode="wrap"))


def _said_by_clock(source: Sound, said_at: float | None) -> Callable[[float, float], Sound]:
    def said(start: float, end: float) -> Sound:
        first = round((start - (said_at or 0.0)) * RATE_HZ)
        return _round(source, first, round((end - start) * RATE_HZ))

    return said


def _said_by_recording(
    source: Sound, recorded: Sound, said_at: float | None
) -> Callable[[float, float], Sound]:
    """A browser does not tell when its fake microphone began: found in what its page recorded."""
    look = round(LOOK_S * RATE_HZ)
    twice = np.concatenate((source, source[:look]))

    def said(start: float, end: float) -> Sound:
        first = max(0, round((start - (said_at or 0.0)) * RATE_HZ))
        part = recorded[first : first + look]
        return _round(source, lag_samples(part, twice), round((end - start) * RATE_HZ))

    return said
