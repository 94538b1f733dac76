"""`python -m bench.devices`: exam devices, measured; rows into bench/results/devices.json.

QUICK=1 takes little and says so in every row; PARTS="decoders readings" takes only those and leaves
the rows of the others as they are. Exits 0 when all was measured, whether or not each goal is met.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.devices import (
    attribution,
    auscultation_live,
    curve_drawing,
    decoders,
    false_readings,
    heart_rate,
    listening_cost,
    monitor_flatness,
    plugging,
    stills,
    vectors,
)
from bench.devices.amount import QUICK_WORDS, Amount, amount_of_environment
from bench.machine import head, load
from bench.rows import Row, write

RESULT = Path(__file__).resolve().parent.parent / "results" / "devices.json"
MEASURED, NOT_MEASURED, NO_PART = 0, 1, 2

RowMaker = Callable[[Amount], Iterator[Row]]
# A line for each part; the names are those of PARTS.
ROW_MAKERS: list[tuple[str, RowMaker]] = [
    ("vectors", vectors.rows),
    ("decoders", decoders.rows),
    ("readings", false_readings.rows),
    ("attribution", attribution.rows),
    ("plugging", plugging.rows),
    ("auscultation", auscultation_live.rows),
    ("monitor", monitor_flatness.rows),
    ("drawing", curve_drawing.rows),
    ("hearts", heart_rate.rows),
    ("listening", listening_cost.rows),
    ("stills", stills.rows),
]


def main() -> int:
    names = [name for name, _ in ROW_MAKERS]
    chosen = os.environ.get("PARTS", "").split() or names
    if unknown := [name for name in chosen if name not in names]:
        print(f"no part {' '.join(unknown)}; known: {' '.join(names)}", file=sys.stderr)
        return NO_PART
    amount, load_before, kept = amount_of_environment(), load(), read()
    for name, maker in ROW_MAKERS:
        if name in chosen:
            kept[name] = [_told(row, amount) for row in maker(amount)]
    rows = [row for name in names for row in kept.get(name, [])]
    parts = {name: [row.measure for row in kept.get(name, [])] for name in names}
    write(RESULT, {**head(load_before), "parts": parts}, rows)
    print(f"{RESULT}: {sum(row.holds is False for row in rows)} of {len(rows)} rows missed")
    measured = [row for name in chosen for row in kept[name]]
    return NOT_MEASURED if any(row.value is None for row in measured) else MEASURED


def _told(row: Row, amount: Amount) -> Row:
    """As it is found, for whoever watches."""
    found = replace(row, note=f"{QUICK_WORDS}; {row.note}") if amount.is_quick else row
    print(found.told(), flush=True)
    return found


def read(path: Path = RESULT) -> dict[str, list[Row]]:
    """The rows of each part as they were measured last; nothing where there is no file."""
    if not path.exists():
        return {}
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    fields = ("measure", "unit", "value", "n", "spread", "note", "goal", "peer", "peer_value")
    by_name = {row["measure"]: Row(**{name: row[name] for name in fields}) for row in told["rows"]}
    parts: dict[str, list[str]] = told["head"].get("parts", {})
    return {
        part: [by_name[measure] for measure in measures if measure in by_name]
        for part, measures in parts.items()
    }


if __name__ == "__main__":
    sys.exit(main())
