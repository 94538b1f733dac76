"""Writes lost or overwritten unseen, over many steps of the simulator with all its faults.

Hours of work: each block of seeds is written down when it is done, and a run that was stopped goes
on behind it, as long as nothing of what is simulated has changed.
"""

import json
import logging
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import last_change
from bench.rows import Row
from bench.sync.amount import Amount
from tests.simulation.ground import laid_in
from tests.simulation.world import run_seed

MEASURE = "runs in which a write was lost, doubled or overwritten unseen"
FIRST_SEED, SEEDS_AT_ONCE = 10_001, 10
MEMORY = Path("/dev/shm")
RUNS = Path(__file__).resolve().parent.parent / "results" / "simulation_runs.json"
SIMULATED = ("app", "offline_store", "server", "tests/simulation", "tests/fakes")


@dataclass(slots=True)
class Done:
    """Of one state of the code: the blocks by their first seed, and which of their seeds failed."""

    mark: dict[str, Any]
    seconds: float = 0.0
    blocks: dict[int, list[int]] = field(default_factory=dict)

    @property
    def failed(self) -> list[int]:
        return sorted(seed for block in self.blocks.values() for seed in block)


def rows(amount: Amount) -> Iterator[Row]:
    runs = max(1, amount.simulation_steps // amount.simulation_steps_each)
    mark = {**last_change(SIMULATED), "steps_each": amount.simulation_steps_each}
    may_go_on = not (amount.is_quick or mark["is_changed"])
    done = _known(mark) if may_go_on else Done(mark)
    seconds_before, began = done.seconds, time.perf_counter()
    for first, failed in _blocks(runs, amount.simulation_steps_each, done):
        done.blocks[first] = failed
        done.seconds = seconds_before + time.perf_counter() - began
        if may_go_on:
            _keep(done)
    steps = runs * amount.simulation_steps_each
    failed = done.failed
    note = (
        f"{steps} steps, {steps / done.seconds:.0f} steps/s by {os.cpu_count()} processes,"
        f" seeds from {FIRST_SEED}; failed: {failed or 'none'}"
    )
    yield Row(MEASURE, "runs", float(len(failed)), runs, {}, note, "== 0")


def _blocks(runs: int, steps: int, done: Done) -> Iterator[tuple[int, list[int]]]:
    """Those that are not done yet, as they end; whoever asks no further gives up what was begun."""
    end = FIRST_SEED + runs
    todo = [first for first in range(FIRST_SEED, end, SEEDS_AT_ONCE) if first not in done.blocks]
    wanted = [(first, min(first + SEEDS_AT_ONCE, end), steps) for first in todo]
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), _begin_worker) as pool:
        yield from pool.imap_unordered(_failed_of, wanted)


def _begin_worker() -> None:
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began them ends them


def _failed_of(block: tuple[int, int, int]) -> tuple[int, list[int]]:
    """The block's first seed, and which of its seeds failed."""
    first, end, steps = block
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        (Path(name) / "ground").mkdir()
        ground = laid_in(Path(name) / "ground")
        return first, [
            seed
            for seed in range(first, end)
            if run_seed(ground, Path(name), seed, steps).violations
        ]


def _known(mark: dict[str, Any]) -> Done:
    try:
        kept = json.loads(RUNS.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Done(mark)
    if kept["mark"] != mark:
        return Done(mark)
    return Done(mark, kept["seconds"], {int(first): one for first, one in kept["blocks"].items()})


def _keep(done: Done) -> None:
    fresh = RUNS.with_suffix(".new")
    told = {"mark": done.mark, "seconds": round(done.seconds, 1), "blocks": done.blocks}
    fresh.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    fresh.replace(RUNS)
