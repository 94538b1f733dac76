"""Whatever the line and the machines do: nothing is lost, doubled or overwritten unseen."""

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.ground import Ground
from tests.simulation.line import Fate
from tests.simulation.site import WordFate
from tests.simulation.world import run_seed

# As many as the minute allows on this machine; `make simulate-sync` runs any seeds.
STEPS, SEEDS, LEAST_SEEDS, MINUTE_S = 60, 200, 20, 60.0
LONG_STEPS, LONG_SEEDS, LONG_AT_ONCE = 400, 2_000, 20


def test_nothing_is_lost(ground: Ground, folder: Path) -> None:
    """Says how many seeds the minute came to; the first ones are always the same."""
    began, seeds, met = time.perf_counter(), 0, Counter[str]()
    while seeds < SEEDS and (seeds < LEAST_SEEDS or time.perf_counter() - began < MINUTE_S):
        seeds += 1
        met += run_all(ground, folder, range(seeds, seeds + 1), STEPS)
    print(f"{seeds} seeds of {SEEDS} in {time.perf_counter() - began:.0f} s")
    unmet = [fate for fate in (*Fate, *WordFate) if not met[fate]]
    assert not unmet, "a line without these faults proves nothing"
    assert met["desk deaths"] > seeds // 2
    assert met["server deaths"] > seeds // 4
    assert met["resolves"] > seeds


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1_001, 1_001 + LONG_SEEDS, LONG_AT_ONCE))
def test_nothing_is_lost_in_long_runs(ground: Ground, folder: Path, first: int) -> None:
    run_all(ground, folder, range(first, first + LONG_AT_ONCE), LONG_STEPS)


def run_all(ground: Ground, folder: Path, seeds: range, steps: int) -> Counter[str]:
    began, met = time.perf_counter(), Counter[str]()
    for seed in seeds:
        told = run_seed(ground, folder, seed, steps)
        met.update(told.met)
        assert not told.violations, (
            f"{told.violations}; again: make simulate-sync SEEDS={seed}-{seed} STEPS={steps}"
        )
    rate = len(seeds) * steps / (time.perf_counter() - began)
    print(f"seeds {seeds.start}-{seeds.stop - 1}: {rate:.0f} steps/s")
    return met


def test_a_seed_is_the_same_run_each_time(ground: Ground, folder: Path) -> None:
    once, again = (run_seed(ground, folder, 7, STEPS) for _ in range(2))
    assert (once.trace, once.met) == (again.trace, again.met)
    assert run_seed(ground, folder, 8, STEPS).trace != once.trace
