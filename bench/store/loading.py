"""Memory while the feed's pages are taken in: a process of its own, looked at from outside."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row, not_measured, rounded
from bench.store import made
from bench.store.amount import Amount
from bench.store.profile import Profile
from demo.programs import resident_mib
from offline_store.database import open_store

MEASURE = "memory while loading records, above idle"
GOAL = "<= 150"
LIMIT_S = 1800.0


def rows(amount: Amount, folder: Path) -> Iterator[Row]:
    command = [sys.executable, "-m", "bench.store.loading", str(folder), str(amount.loaded)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin is not None and run.stdout is not None
        if run.stdout.readline().strip() != "open":
            yield not_measured(MEASURE, "MiB", GOAL, "the loading process did not start")
            return
        idle = resident_mib(run.pid)
        run.stdin.write("go\n")
        run.stdin.flush()
        most, began = idle, time.monotonic()
        while run.poll() is None and time.monotonic() - began < LIMIT_S:
            most = max(most, resident_mib(run.pid))
            time.sleep(0.05)
        said = run.stdout.readline().split()
    rate = float(said[1])
    note = (
        f"{amount.loaded:,} records in pages of {made.PAGE} into the encrypted store, proportional "
        f"set size looked at 20 times a second; open and idle {idle:.0f} MiB"
    )
    yield Row(MEASURE, "MiB", rounded(most - idle), 1, {}, note, GOAL)
    yield Row(
        "feed pages applied to the encrypted store",
        "records/s",
        rounded(rate),
        1,
        {},
        "the store's part alone: contract bodies checked, indexes, one transaction each page",
        ">= 10000",
    )


async def load(folder: Path, count: int) -> float:
    profile = Profile(folder / "loading")
    async with open_store(profile.folder, profile.vault()) as store:
        await store.look(lambda unit: unit.records.feed_position())
        print("open", flush=True)
        sys.stdin.readline()
        spent = 0.0
        for page in made.pages(0, count // (made.OF_PATIENT + 2), 0):
            began = time.perf_counter()
            await store.transaction(made.taken(page))
            spent += time.perf_counter() - began
        return await store.look(lambda unit: unit.records.feed_position()) / spent


if __name__ == "__main__":
    print("rate", asyncio.run(load(Path(sys.argv[1]), int(sys.argv[2]))))
