"""How much is measured; QUICK takes little and says so in every row."""

import os
from dataclasses import dataclass

QUICK_WORDS = "QUICK RUN, too few samples for a verdict"


@dataclass(frozen=True, slots=True)
class Amount:
    patients: int = 10_000
    edits: int = 10_000
    repetitions: int = 5
    idle_rounds: int = 200
    acts_offline: int = 500
    shown_edits: int = 200
    simulation_steps: int = 1_000_000
    simulation_steps_each: int = 400
    is_quick: bool = False


QUICK = Amount(
    patients=500,
    edits=300,
    repetitions=1,
    idle_rounds=10,
    acts_offline=40,
    shown_edits=10,
    simulation_steps=180,
    simulation_steps_each=60,
    is_quick=True,
)


def amount_of_environment() -> Amount:
    return QUICK if os.environ.get("QUICK", "") not in ("", "0") else Amount()
