"""A bench in parts, all in one result file: each has the head of the run in which it was measured.

PARTS="one other" takes only those and leaves the others' rows as they are. What is measured is
written down before the next part begins.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.machine import head, load
from bench.rows import Row, write

MEASURED, NOT_MEASURED, NO_PART = 0, 1, 2
FIELDS = ("measure", "unit", "value", "n", "spread", "note", "goal", "peer", "peer_value")

Makers = Mapping[str, Callable[[], Iterator[Row]]]


@dataclass(frozen=True, slots=True)
class Part:
    """`head`: of which commit, when, and how busy the machine was."""

    head: Mapping[str, Any]
    rows: list[Row]


def measure(result: Path, makers: Makers, quick_words: str | None) -> int:
    """The exit code: whether each row has a value, not whether each goal is met.

    `quick_words` begin the note of each row of a quick run; None: it is none.
    """
    chosen = os.environ.get("PARTS", "").split() or list(makers)
    if unknown := [name for name in chosen if name not in makers]:
        print(f"no part {' '.join(unknown)}; known: {' '.join(makers)}", file=sys.stderr)
        return NO_PART
    kept = read(result)
    for name in (name for name in makers if name in chosen):
        load_before = load()
        rows = [_told(row, quick_words) for row in makers[name]()]
        kept[name] = Part(head(load_before), rows)
        _write(result, {name: kept[name] for name in makers if name in kept})
    measured = [row for name in chosen for row in kept[name].rows]
    missed = sum(row.holds is False for row in measured)
    print(f"{result}: {missed} of {len(measured)} rows missed")
    return NOT_MEASURED if any(row.value is None for row in measured) else MEASURED


def _told(row: Row, quick_words: str | None) -> Row:
    """As it is found, for whoever watches."""
    found = row if quick_words is None else replace(row, note=f"{quick_words}; {row.note}")
    print(found.told(), flush=True)
    return found


def _write(result: Path, parts: Mapping[str, Part]) -> None:
    heads = {
        name: {**part.head, "measures": [row.measure for row in part.rows]}
        for name, part in parts.items()
    }
    write(result, {"parts": heads}, [row for part in parts.values() for row in part.rows])


def read(result: Path) -> dict[str, Part]:
    """Each part as it was measured last; nothing where there is no file."""
    if not result.exists():
        return {}
    told: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    by_name = {row["measure"]: Row(**{name: row[name] for name in FIELDS}) for row in told["rows"]}
    return {
        name: Part(
            {key: value for key, value in of_part.items() if key != "measures"},
            [by_name[measure] for measure in of_part["measures"]],
        )
        for name, of_part in told["head"]["parts"].items()
    }
