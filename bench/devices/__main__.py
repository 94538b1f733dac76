"""`python -m bench.devices`: exam devices, measured; rows into bench/results/devices.json.

QUICK=1 takes little and says so in every row; PARTS="decoders readings" takes only those and leaves
the rows of the others as they are. Exits 0 when all was measured, whether or not each goal is met.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench import parts
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
from bench.rows import Row

RESULT = Path(__file__).resolve().parent.parent / "results" / "devices.json"

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
    amount = amount_of_environment()
    makers = {name: partial(maker, amount) for name, maker in ROW_MAKERS}
    return parts.measure(RESULT, makers, QUICK_WORDS if amount.is_quick else None)


if __name__ == "__main__":
    sys.exit(main())
