"""Writes lost or overwritten unseen, over many steps of the simulator with all its faults."""

import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row
from bench.sync.amount import Amount
from tests.simulation.ground import laid_in
from tests.simulation.world import run_seed

MEASURE = "runs in which a write was lost, doubled or overwritten unseen"
FIRST_SEED = 10_001
MEMORY = Path("/dev/shm")


def rows(amount: Amount) -> Iterator[Row]:
    runs = max(1, amount.simulation_steps // amount.simulation_steps_each)
    failed: list[int] = []
    logging.disable(logging.CRITICAL)
    began = time.perf_counter()
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
            (Path(name) / "ground").mkdir()
            ground = laid_in(Path(name) / "ground")
            for seed in range(FIRST_SEED, FIRST_SEED + runs):
                told = run_seed(ground, Path(name), seed, amount.simulation_steps_each)
                if told.violations:
                    failed.append(seed)
    finally:
        logging.disable(logging.NOTSET)
    steps = runs * amount.simulation_steps_each
    rate = steps / (time.perf_counter() - began)
    note = f"{steps} steps, {rate:.0f} steps/s, seeds from {FIRST_SEED}; failed: {failed or 'none'}"
    yield Row(MEASURE, "runs", float(len(failed)), runs, {}, note, "== 0")
