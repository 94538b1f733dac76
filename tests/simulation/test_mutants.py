"""The invariants see: each fault that sync was once built with is found within a few seeds."""

from pathlib import Path

import pytest

from tests.simulation.ground import Ground
from tests.simulation.mutants import MUTANTS
from tests.simulation.world import run_seed

STEPS, SEEDS_MOST = 60, 12
# These need a certain meeting of people; tried first are the seeds in which it was once seen.
SEEN_IN = {
    "any scope is good": 3,
    "a load lets nobody go": 3,
    "everybody writes about everybody": 4,
    "what was told stays beside the server's": 3,
    "what was told outlives who left": 31,
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught(ground: Ground, folder: Path, name: str) -> None:
    first = SEEN_IN.get(name, 1)
    for seed in (first, *(seed for seed in range(1, SEEDS_MOST + 1) if seed != first)):
        with MUTANTS[name]():
            told = run_seed(ground, folder, seed, STEPS)
        if told.violations:
            return
    pytest.fail(f"{name} passed {SEEDS_MOST} seeds")
