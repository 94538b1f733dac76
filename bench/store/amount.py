"""How much of the store is measured; QUICK takes little."""

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    rounds: int = 7  # of each comparison, alternating
    rows: int = 25_000  # of 800 bytes, in each file that is compared
    reads: int = 20_000
    commits: int = 200
    openings: int = 40
    loaded: int = 100_000
    stages: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    charts: int = 200
    acts: int = 200
    file_rounds: int = 15


QUICK = Amount(
    rounds=3,
    rows=5_000,
    reads=3_000,
    commits=30,
    openings=8,
    loaded=5_000,
    stages=(2_000, 20_000),
    charts=30,
    acts=20,
    file_rounds=3,
)


def amount_of_environment() -> Amount:
    return QUICK if os.environ.get("QUICK", "") not in ("", "0") else Amount()
