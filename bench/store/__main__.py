"""`python -m bench.store`: the desk's encrypted store, measured; rows in bench/results/store.json.

QUICK=1 takes little and says so in every row. Exits 0 when all was measured, whether or not each
goal is met. No part of a server is in it: that is bench-sync.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.machine import head, load
from bench.rows import Row, write
from bench.store import growth, loading, opening, plain
from bench.store.amount import QUICK_WORDS, Amount, amount_of_environment

RESULT = Path(__file__).resolve().parent.parent / "results" / "store.json"
PLACE = "BENCH_FOLDER"  # on the disk that is to be measured; /tmp may be memory


def rows(amount: Amount, folder: Path) -> Iterator[Row]:
    yield from plain.rows(amount, folder)
    yield from asyncio.run(opening.rows(amount, folder))
    yield from loading.rows(amount, folder)
    yield from asyncio.run(growth.rows(amount, folder))


def main() -> int:
    os.umask(0o077)
    amount, load_before, found = amount_of_environment(), load(), []
    with tempfile.TemporaryDirectory(dir=os.environ.get(PLACE)) as name:
        for row in rows(amount, Path(name)):
            told = replace(row, note=f"{QUICK_WORDS}; {row.note}") if amount.is_quick else row
            print(told.told(), flush=True)
            found.append(told)
    write(RESULT, head(load_before), found)
    print(f"{RESULT}: {sum(row.holds is False for row in found)} of {len(found)} rows missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
