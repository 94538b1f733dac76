"""`python -m bench.call`: every cell of calls over a bad line, or those that CELLS names.

QUICK=1: one seed of each. Appends each finished cell to bench/results/call.json and goes on where
it stopped. Exits 0 when all was measured, whether or not each goal is met.
"""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from bench.call.cells import Cell, chosen
from bench.call.facts import PEER, Found
from bench.call.link import Link, NoRoot
from bench.call.results import QUICK, name_of, read, rows_of, samples, save, taken
from bench.call.runs import Runs
from bench.call.situations import Kind, Situation, quicker
from bench.call.speech import PACKAGES, SOUNDS, SPEAKERS
from bench.machine import head, last_change, load
from bench.rows import Row

DONE, NOT_MEASURED, NO_PLACE = 0, 1, 2
# What a call consists of: a cell stays measured while none of this changes, whatever else does.
# Of the devices what voice passes through; pictures are given by the bench itself.
DEVICES = ("microphone", "speaker", "sample_ring", "sound_pace", "sound_level", "sound_library")
MEASURED = (
    *("media/rtc", "media/quality", "media/picture", "media/audio", "media/ladder_keeper.py"),
    *("media/call_devices.py", "media/call_links.py", "app/domain/ladder.py"),
    *(f"media/devices/{name}.py" for name in DEVICES),
    "bench/call",
)
# This file only orders cells and writes them down; and warm.py has a part in some cells alone.
ORDERING = ":(exclude)bench/call/__main__.py"
WARM_PAIR = ":(exclude)bench/call/warm.py"
# Another version of these is another call, too.
LIBRARIES = ("aiortc", "aioice", "av", "livekit", "numpy", "sounddevice", "cryptography")


def needs() -> list[str]:
    """What is missing on this machine, in words."""
    missing = []
    if os.geteuid() != 0:
        missing.append("root (network namespaces and TUN devices)")
    if not os.path.exists("/dev/net/tun"):
        missing.append("/dev/net/tun")
    missing += [
        f"the program {name}"
        for name in ("ip", "nft", "chromium", "turnserver")
        if not shutil.which(name)
    ]
    if not all((SOUNDS / speaker).is_dir() for speaker in SPEAKERS):
        missing.append(f"recorded speech (Debian: {PACKAGES})")
    return missing


class Bench:
    """One run of the program."""

    def __init__(self, link: Link, *, is_quick: bool, is_named: bool) -> None:
        self._runs = Runs(link)
        self._is_quick, self._is_named = is_quick, is_named
        self._load = load()
        self._results = read()

    def _mark(self, cell: Cell) -> dict[str, Any]:
        """What a kept figure is a figure of."""
        is_warm = cell.situation is not None and cell.situation.kind is Kind.WARM_JOINS
        left_out = (ORDERING,) if is_warm else (ORDERING, WARM_PAIR)
        return {
            **last_change((*MEASURED, *left_out)),
            "libraries": {name: version(name) for name in LIBRARIES},
            "is_quick": self._is_quick,
        }

    async def measure(self, cell: Cell) -> bool:
        """Whether all that can be measured has a value."""
        # Of changed files nobody knows whether they are still the same; who names a cell wants it.
        mark = self._mark(cell)  # before it is measured, as what it was measured of
        is_kept = not self._is_named and not mark["is_changed"]
        if is_kept and self._results.has(cell, mark):
            print(f"{cell.name}: measured before, left as it is", flush=True)
            return True
        print(f"{cell.name} ...", flush=True)
        if self._is_quick and cell.why_not_quick:
            cell = replace(cell, situation=None, reason=f"{QUICK}: {cell.why_not_quick}")
        found = await self._found(cell) if cell.situation is not None else Found()
        if cell.made_by is not None:
            rows = await self._made(cell.made_by)
        else:
            rows = rows_of(cell, found, self._note(cell))
        self._results.put(cell, rows, mark)
        for aim in cell.aims:
            self._results.remember(name_of(cell, aim), samples(found.samples[PEER], aim))
        save(self._results, head(self._load))
        for row in rows:
            print(f"  {row.told()}", flush=True)
        is_to_be = cell.situation is not None or cell.made_by is not None
        return not is_to_be or all(row.value is not None for row in rows)

    @staticmethod
    async def _made(made_by: Callable[[], list[Row]]) -> list[Row]:
        """A quick run makes them no quicker."""
        rows = await asyncio.to_thread(made_by)
        return [replace(row, note=f"{row.note}; load {os.getloadavg()[0]:.1f}") for row in rows]

    async def _found(self, cell: Cell) -> Found:
        situation = self._situation(cell)
        # In a quick run a peer without a goal that needs it is left out.
        with_peer = cell.needs_peer or (cell.has_peer and not self._is_quick)
        seeds = cell.seeds_in(is_quick=self._is_quick)
        found = await self._runs.run(situation, seeds, with_peer=with_peer)
        if with_peer and self._is_void(cell, found):
            print("  Chromium is far off its own spread: once more", flush=True)
            found = await self._runs.again(situation, seeds)
        return found

    def _situation(self, cell: Cell) -> Situation:
        assert cell.situation is not None
        return quicker(cell.situation) if self._is_quick else cell.situation

    def _is_void(self, cell: Cell, found: Found) -> bool:
        values = {
            name_of(cell, aim): taken(samples(found.samples[PEER], aim), aim)
            for aim in cell.aims
            if aim.needs_peer
        }
        return any(self._results.is_far_off(name, value) for name, value in values.items())

    def _note(self, cell: Cell) -> str:
        if cell.situation is None:
            return cell.reason
        situation = self._situation(cell)
        words = f"watched {situation.watch_s:g} s, load {os.getloadavg()[0]:.1f}"
        return f"{QUICK}, one seed: no verdict; {words}" if self._is_quick else words


async def main() -> int:
    named = os.environ.get("CELLS", "")
    try:
        cells = chosen(named)
    except ValueError as error:
        print(f"bench-call: {error}", file=sys.stderr)
        return NO_PLACE
    if missing := needs():
        print(f"bench-call: cannot measure here, missing: {', '.join(missing)}", file=sys.stderr)
        return NO_PLACE
    this = asyncio.current_task()
    assert this is not None
    for word in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(word, this.cancel)
    is_whole = True
    try:
        async with Link() as link:
            is_quick = os.environ.get("QUICK", "") not in ("", "0")
            bench = Bench(link, is_quick=is_quick, is_named=bool(named.strip()))
            for cell in cells:
                is_whole = await bench.measure(cell) and is_whole
    except NoRoot:
        print("bench-call: only root can make network namespaces", file=sys.stderr)
        return NO_PLACE
    except asyncio.CancelledError:
        print("bench-call: stopped; what is finished is kept", file=sys.stderr)
        return NOT_MEASURED
    return DONE if is_whole else NOT_MEASURED


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
