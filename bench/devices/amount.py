"""How much is measured; QUICK takes little and says so in every row."""

import os
from dataclasses import dataclass

MEGABYTE = 1_000_000
QUICK_WORDS = "QUICK RUN, too few samples for a verdict"


@dataclass(frozen=True, slots=True)
class Amount:
    seeded_cuts: int = 1_000  # of each vector
    throughput_bytes: int = 4 * MEGABYTE
    random_bytes: int = 50 * MEGABYTE
    mutated_bytes: int = 10 * MEGABYTE
    unasked_bytes: int = 100 * MEGABYTE
    awaited_bytes: int = 20 * MEGABYTE
    kept_readings: int = 500
    attribution_days: int = 10_000
    attribution_mutants: int = 100  # all there are
    plug_rounds: int = 20
    is_quick: bool = False


QUICK = Amount(
    seeded_cuts=50,
    throughput_bytes=MEGABYTE // 2,
    random_bytes=MEGABYTE,
    mutated_bytes=MEGABYTE // 4,
    unasked_bytes=MEGABYTE // 2,
    awaited_bytes=MEGABYTE // 10,
    kept_readings=20,
    attribution_days=100,
    attribution_mutants=8,
    plug_rounds=3,
    is_quick=True,
)


def amount_of_environment() -> Amount:
    return QUICK if os.environ.get("QUICK", "") not in ("", "0") else Amount()
