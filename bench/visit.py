"""`python -m bench.visit`: one visit measured from outside, written to bench/results/visit.json.

Exits 0 when everything was measured, whether or not each goal is met: that stands in the rows.
"""

import argparse
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench import blocking, joining, keeping, memory, signing_in, starting
from bench.floor import QUICK, Amount, Floor
from bench.machine import head, load
from bench.rows import Row, not_measured, write
from demo.clinic import PRESENTER
from demo.network import open_network
from demo.visit import Visit
from demo.waiting import NotSo

RESULT = Path(__file__).resolve().parent / "results" / "visit.json"
NOT_MEASURED, NO_PLACE = 1, 2
Part = Callable[[], list[Row]]


class Rows:
    """Told as they come; a part that fails leaves rows without a value, and the others go on."""

    def __init__(self, *, is_quick: bool) -> None:
        self.found: list[Row] = []
        self._prefix = "QUICK RUN, too few samples for a verdict; " if is_quick else ""

    def add(self, expected: Sequence[tuple[str, str, str | None]], part: Part) -> None:
        """`expected`: measure, unit and goal of the rows that must come whatever happens."""
        try:
            rows = part()
        except NotSo as error:
            rows = [not_measured(*row, reason=str(error)) for row in expected]
        for row in rows:
            found = self._with_prefix(row)
            self.found.append(found)
            print(found.told(), flush=True)

    def _with_prefix(self, row: Row) -> Row:
        return row if not self._prefix else replace(row, note=self._prefix + row.note)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # everything started is ended
    begun, load_before = time.monotonic(), load()
    rows = Rows(is_quick=options.quick)
    try:
        network = open_network()
        amount = QUICK if options.quick else Amount()
        with Floor(network, random.Random(), amount) as floor:
            _measure(floor, rows)
    except NotSo as error:
        print(f"cannot be measured here: {error}", file=sys.stderr)
        return NO_PLACE
    write(options.out, head(load_before), rows.found)
    print(f"{options.out}, after {time.monotonic() - begun:.0f} s")
    return NOT_MEASURED if any(row.value is None for row in rows.found) else 0


def _measure(floor: Floor, rows: Rows) -> None:
    visit = Visit(floor.stage, floor.stage.book())
    rows.add(
        [(signing_in.MEASURE, "s", signing_in.GOAL)],
        lambda: [signing_in.SigningIn(floor, visit.booked).measure()],
    )
    floor.stage.cart.sign_in(PRESENTER)
    visit.check_in()
    visit.open_chart()
    rows.add(
        [(joining.MEASURE, "s", joining.GOAL)],
        lambda: [joining.Joining(floor, visit).measure()],
    )
    visit.is_live()
    rows.add(
        [(keeping.MEASURE, "ms", keeping.GOAL)], lambda: [keeping.Keeping(floor, visit).measure()]
    )
    rows.add([("memory", "MiB", None)], lambda: memory.measure(floor))
    rows.add(
        [(blocking.MEASURE, "ms", blocking.GOAL)],
        lambda: blocking.Blocking(floor, visit).measure(),
    )
    rows.add(
        [
            (starting.WARM, "s", starting.WARM_GOAL),
            (starting.COLD, "s", starting.COLD_GOAL),
        ],
        lambda: starting.Starting(floor).measure(),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.visit", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few samples: does measuring work?")
    parser.add_argument("--out", type=Path, default=RESULT, help="where the result is written")
    return parser


if __name__ == "__main__":
    sys.exit(main())
