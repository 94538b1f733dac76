"""`make simulate-sync SEEDS=FROM-TO`: runs these seeds and tells what each came to."""

import argparse
import logging
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from tests.simulation.ground import Ground, laid_in
from tests.simulation.world import Told, run_seed

MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", help="FROM-TO, both included")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--trace", action="store_true", help="what happened, step by step")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    began, worked, met, failed = time.perf_counter(), time.process_time(), Counter[str](), 0
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        (folder / "ground").mkdir()
        ground = laid_in(folder / "ground")
        for seed in seeds:
            told = told_or_broken(ground, folder, seed, asked.steps)
            met.update(told.met)
            failed += bool(told.violations)
            tell(told, with_trace=asked.trace)
    seconds, of_us = time.perf_counter() - began, time.process_time() - worked
    steps = len(seeds) * asked.steps
    print(f"{len(seeds)} runs of {asked.steps} steps, {failed} failed,", end=" ")
    print(f"{steps / seconds:.0f} steps/s ({steps / of_us:.0f} a second of one core)")
    print(", ".join(f"{name} {n}" for name, n in sorted(met.items())))
    return 1 if failed else 0


def told_or_broken(ground: Ground, folder: Path, seed: int, steps: int) -> Told:
    """A run that ends in an error is one that failed; those after it are run."""
    try:
        return run_seed(ground, folder, seed, steps)
    except Exception as error:
        return Told(seed, steps, ["".join(traceback.format_exception(error))])


def tell(told: Told, *, with_trace: bool) -> None:
    if with_trace:
        print("\n".join(told.trace))
    for violation in told.violations:
        print(f"seed {told.seed}: {violation}")
    if told.violations:
        print(f"again: make simulate-sync SEEDS={told.seed}-{told.seed} STEPS={told.steps}")


if __name__ == "__main__":
    sys.exit(main())
