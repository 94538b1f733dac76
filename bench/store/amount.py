"""How much is measured; QUICK takes little and says so in every row."""

import os
from dataclasses import dataclass

QUICK_WORDS = "QUICK RUN, too few samples for a verdict"


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
    is_quick: bool = False


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
    is_quick=True,
)


def amount_of_environment() -> Amount:
    return QUICK if os.environ.get("QUICK") == "1" else Amount()
