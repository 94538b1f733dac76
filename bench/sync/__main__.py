"""`python -m bench.sync`: rows into bench/results/sync.json.

QUICK=1 takes little and says so in every row; PARTS="exchange store" takes only those and leaves
the rows of the others as they are. Exits 0 when all was measured, whether or not each goal is met.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from bench.devices.__main__ import read
from bench.machine import head, load
from bench.rows import Row, write
from bench.sync import exchange, growth, shown, simulation, store, thin_line
from bench.sync.amount import QUICK_WORDS, Amount, amount_of_environment

RESULT = Path(__file__).resolve().parent.parent / "results" / "sync.json"
MEASURED, NOT_MEASURED, NO_PART = 0, 1, 2

ROW_MAKERS: dict[str, Callable[[Amount], Iterator[Row]]] = {
    "exchange": exchange.rows,
    "store": store.rows,
    "growth": growth.rows,
    "shown": shown.rows,
    "thin-line": thin_line.rows,
    "simulation": simulation.rows,
}


def main() -> int:
    chosen = os.environ.get("PARTS", "").split() or list(ROW_MAKERS)
    if unknown := [name for name in chosen if name not in ROW_MAKERS]:
        print(f"no part {' '.join(unknown)}; known: {' '.join(ROW_MAKERS)}", file=sys.stderr)
        return NO_PART
    amount, load_before, kept = amount_of_environment(), load(), read(RESULT)
    for name in chosen:
        kept[name] = [_told(row, amount) for row in ROW_MAKERS[name](amount)]
    rows = [row for name in ROW_MAKERS for row in kept.get(name, [])]
    parts = {name: [row.measure for row in kept.get(name, [])] for name in ROW_MAKERS}
    write(RESULT, {**head(load_before), "parts": parts}, rows)
    print(f"{RESULT}: {sum(row.holds is False for row in rows)} of {len(rows)} rows missed")
    measured = [row for name in chosen for row in kept[name]]
    return NOT_MEASURED if any(row.value is None for row in measured) else MEASURED


def _told(row: Row, amount: Amount) -> Row:
    found = replace(row, note=f"{QUICK_WORDS}; {row.note}") if amount.is_quick else row
    print(found.told(), flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
