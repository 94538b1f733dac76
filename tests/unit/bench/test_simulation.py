"""The long simulation: what is done is kept, and counts as long as nothing has changed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.sync import simulation
from bench.sync.amount import Amount
from bench.sync.simulation import FIRST_SEED, SEEDS_AT_ONCE, Done

AMOUNT = replace(Amount(), simulation_steps=30 * 400)
FAILS = FIRST_SEED + 13


class Machine:
    """Runs blocks in no time, and is stopped before one of them."""

    def __init__(self) -> None:
        self.ran: list[int] = []
        self.stops_before: int | None = None
        self.commit = "one"

    def blocks(self, runs: int, steps: int, done: Done) -> Iterator[tuple[int, list[int]]]:
        assert (runs, steps) == (30, 400)
        for first in range(FIRST_SEED, FIRST_SEED + runs, SEEDS_AT_ONCE):
            if first in done.blocks:
                continue
            if first == self.stops_before:
                raise KeyboardInterrupt
            self.ran.append(first)
            yield first, [FAILS] if FAILS in range(first, first + SEEDS_AT_ONCE) else []

    def last_change(self, paths: object) -> dict[str, object]:
        return {"commit": self.commit, "is_changed": False}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine()
    monkeypatch.setattr(simulation, "_blocks", made.blocks)
    monkeypatch.setattr(simulation, "last_change", made.last_change)
    monkeypatch.setattr(simulation, "RUNS", tmp_path / "runs.json")
    return made


def test_what_was_stopped_goes_on_and_forgets_no_failure(machine: Machine) -> None:
    machine.stops_before = FIRST_SEED + 2 * SEEDS_AT_ONCE
    with pytest.raises(KeyboardInterrupt):
        list(simulation.rows(AMOUNT))
    machine.stops_before = None
    [row] = simulation.rows(AMOUNT)
    assert machine.ran == [FIRST_SEED, FIRST_SEED + 10, FIRST_SEED + 20]
    assert (row.value, row.n) == (1.0, 30)
    assert f"failed: [{FAILS}]" in row.note


def test_of_other_code_nothing_counts(machine: Machine) -> None:
    list(simulation.rows(AMOUNT))
    machine.commit = "two"
    list(simulation.rows(AMOUNT))
    assert len(machine.ran) == 6


def test_a_quick_run_neither_uses_nor_keeps_it(machine: Machine) -> None:
    quick = replace(AMOUNT, is_quick=True)
    for _ in range(2):
        list(simulation.rows(quick))
    assert len(machine.ran) == 6
    assert not simulation.RUNS.exists()
