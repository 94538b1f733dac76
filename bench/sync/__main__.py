"""`python -m bench.sync`: store, files and sync; rows into bench/results/sync.json.

QUICK=1 takes little and says so in every row; PARTS="exchange store" takes only those. Exits 0 when
all was measured, whether or not each goal is met.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import files, parts
from bench.rows import Row
from bench.store import growth, loading, opening, plain
from bench.store.amount import amount_of_environment as amount_of_store
from bench.sync import exchange, shown, simulation, thin_line
from bench.sync.amount import QUICK_WORDS, amount_of_environment

RESULT = Path(__file__).resolve().parent.parent / "results" / "sync.json"
PLACE = "BENCH_FOLDER"  # on the disk that is to be measured; /tmp may be memory


def makers() -> parts.Makers:
    amount, of_store = amount_of_environment(), amount_of_store()
    return {
        "exchange": lambda: exchange.rows(amount),
        "store": _in_a_folder(lambda folder: plain.rows(of_store, folder)),
        "opening": _in_a_folder(lambda folder: iter(asyncio.run(opening.rows(of_store, folder)))),
        "loading": _in_a_folder(lambda folder: loading.rows(of_store, folder)),
        "growth": _in_a_folder(lambda folder: iter(asyncio.run(growth.rows(of_store, folder)))),
        "files": _in_a_folder(lambda folder: files.rows(folder, of_store.file_rounds)),
        "shown": lambda: shown.rows(amount),
        "thin-line": lambda: thin_line.rows(amount),
        "simulation": lambda: simulation.rows(amount),
    }


def _in_a_folder(rows: Callable[[Path], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
    def made() -> Iterator[Row]:
        with tempfile.TemporaryDirectory(dir=os.environ.get(PLACE)) as name:
            yield from rows(Path(name))

    return made


def main() -> int:
    os.umask(0o077)
    is_quick = amount_of_environment().is_quick
    return parts.measure(RESULT, makers(), QUICK_WORDS if is_quick else None)


if __name__ == "__main__":
    sys.exit(main())
