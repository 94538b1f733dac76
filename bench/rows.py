"""The form of every result file: a head and rows, `holds` computed and never typed."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.goals import holds

SIGNIFICANT = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One measure. `n` is how many samples `value` comes from, `spread` where they lie."""

    measure: str
    unit: str
    value: float | None
    n: int
    spread: Mapping[str, float]
    note: str
    goal: str | None = None
    peer: str | None = None
    peer_value: float | None = None

    @property
    def holds(self) -> bool | None:
        return holds(self.value, self.goal)

    def as_json(self) -> dict[str, Any]:
        """In the order in which a person reads it."""
        ratio = None
        if self.value is not None and self.peer_value:
            ratio = rounded(self.value / self.peer_value)
        return {
            "measure": self.measure,
            "value": self.value,
            "unit": self.unit,
            "n": self.n,
            "spread": dict(self.spread),
            "peer": self.peer,
            "peer_value": self.peer_value,
            "ratio": ratio,
            "goal": self.goal,
            "holds": self.holds,
            "note": self.note,
        }

    def told(self) -> str:
        """One line for a person."""
        if self.value is None:
            return f"{self.measure}: not measured ({self.note})"
        verdict = {True: "holds", False: "MISSED", None: "no goal"}[self.holds]
        goal = f", goal {self.goal}" if self.goal else ""
        spread = ", ".join(f"{name} {value:g}" for name, value in self.spread.items())
        return f"{self.measure}: {self.value:g} {self.unit} (n {self.n}; {spread}{goal}): {verdict}"


def percentile(samples: Sequence[float], percent: float) -> float:
    """Nearest rank: a value that was measured, never one between two."""
    if not samples or not 0 < percent <= 100:
        raise ValueError("a percentile needs samples, and a share above 0 up to 100")
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread_of(samples: Sequence[float]) -> dict[str, float]:
    if not samples:
        return {}
    return {
        "min": rounded(min(samples)),
        "p50": rounded(percentile(samples, 50)),
        "p95": rounded(percentile(samples, 95)),
        "max": rounded(max(samples)),
    }


def p95_row(
    measure: str, unit: str, samples: Sequence[float], note: str, goal: str | None = None
) -> Row:
    value = rounded(percentile(samples, 95)) if samples else None
    return Row(measure, unit, value, len(samples), spread_of(samples), note, goal)


def not_measured(measure: str, unit: str, goal: str | None, reason: str) -> Row:
    return Row(measure, unit, None, 0, {}, reason, goal)


def rounded(value: float) -> float:
    """What the clocks and the noise leave standing."""
    return float(f"{value:.{SIGNIFICANT}g}")


def write(path: Path, head: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"head": dict(head), "rows": [row.as_json() for row in rows]}, indent=2)
    waiting = path.with_suffix(".new")
    waiting.write_text(text + "\n", encoding="utf-8")
    os.replace(waiting, path)
