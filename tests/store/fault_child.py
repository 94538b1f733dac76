"""Acts on a store whose disk goes wrong; run by test_disk_faults.py with faults.c preloaded.

Says in JSON what it saw, a row for each round. Each round has a profile of its own, in which some
acts were kept before anything goes wrong, and is looked at again on a disk that works.
"""

import asyncio
import ctypes
import json
import os
import shutil
import sys
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from app.domain.failures import Failure
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInFile
from tests.store.given import PATIENT, event, new_note

KINDS = {"eio-write": 1, "short-write": 2, "eio-sync": 3, "lost-sync": 4}
ACTS_BEFORE, ACTS_DURING = 3, 8
POWER_CUTS = 12


@dataclass
class Seen:
    """One round. `lost`: acts that were acknowledged and are gone. `torn`: half an act."""

    kind: str
    part: str
    at: int
    hits: int = 0
    told: list[str] = field(default_factory=list)
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    is_torn: bool = False
    opens: str = "whole"


class Disk:
    """The preloaded library."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(os.environ["LD_PRELOAD"])

    def goes_wrong(self, kind: str, at: int, part: str, *, lasts: bool) -> None:
        self._library.fault_arm(KINDS[kind], at, int(lasts), part.encode())

    def works(self) -> int:
        """How often it went wrong."""
        hits = int(self._library.fault_hits())
        self._library.fault_arm(0, 0, 0, b"")
        return hits

    def shadows(self, folder: Path, into: Path) -> None:
        self._library.fault_shadow(str(folder).encode(), str(into).encode())


def vault_of(place: Path, profile: Path) -> KeyVault:
    ring = KeyringInFile(place / "ring.json")
    return KeyVault(profile, choose_backend=lambda: ring)


def act(text: str, unit: UnitOfWork) -> None:
    change = unit.outbox.add(new_note(text))
    unit.audit.add(event(change.record))


async def do(store: OfflineStore, text: str, seen: Seen, kept: set[str]) -> None:
    try:
        await store.transaction(partial(act, text))
    except Failure as failure:
        seen.told.append(f"{type(failure).__name__} {failure.code}")
    else:
        kept.add(text)


async def look(place: Path, profile: Path, kept: set[str], tried: set[str], seen: Seen) -> None:
    """Everything acknowledged is there, nothing that was never asked for, and no half of an act."""
    try:
        async with open_store(profile, vault_of(place, profile)) as store:
            notes = await store.look(lambda unit: unit.records.notes(PATIENT))
            events = await store.look(lambda unit: unit.audit.unacknowledged(10**6))
            await store.transaction(partial(act, "and goes on"))
    except Failure as failure:
        seen.opens = f"{type(failure).__name__} {failure.code}"
        return
    texts = {note.text for note in notes}
    seen.kept = len(kept)
    seen.lost = sorted(kept - texts)
    seen.unasked = sorted(texts - tried)
    seen.is_torn = {str(n.id) for n in notes} != {str(e.event.subject) for e in events}


async def begun(place: Path) -> tuple[Path, set[str]]:
    """A profile with some acts in it."""
    profile, kept = place / "profile", set[str]()
    await asyncio.to_thread(place.mkdir)
    seen = Seen("", "", 0)
    async with open_store(profile, vault_of(place, profile)) as store:
        for number in range(ACTS_BEFORE):
            await do(store, f"before {number}", seen, kept)
    return profile, kept


async def one_round(disk: Disk, place: Path, seen: Seen, *, lasts: bool) -> Seen:
    """The store is open when its disk goes wrong; the program goes on asking."""
    profile, kept = await begun(place)
    tried = set(kept)
    try:
        async with open_store(profile, vault_of(place, profile)) as store:
            disk.goes_wrong(seen.kind, seen.at, seen.part, lasts=lasts)
            for number in range(ACTS_DURING):
                text = f"during {number} " + "long " * 300
                tried.add(text)
                await do(store, text, seen, kept)
            seen.hits = disk.works()
            await do(store, "mended", seen, kept)
            tried.add("mended")
    except Failure as failure:
        seen.told.append(f"opening or closing: {failure.code}")
    finally:
        disk.works()
    await look(place, profile, kept, tried, seen)
    shutil.rmtree(place)
    return seen


async def power_cut(disk: Disk, place: Path, seen: Seen) -> Seen:
    """Of every file only what was truly synced is there afterwards; some syncs were lies."""
    profile, kept = await begun(place)
    after = place / "after"
    shutil.copytree(profile, after)
    tried = set(kept)
    async with open_store(profile, vault_of(place, profile)) as store:
        disk.shadows(profile, after)
        if seen.kind == "lost-sync":
            disk.goes_wrong("lost-sync", seen.at, seen.part, lasts=True)
        for number in range(seen.at + 4):
            text = f"during {number} " + "long " * 300
            tried.add(text)
            await do(store, text, seen, kept)
        seen.hits = disk.works()
        disk.shadows(Path("/dev/null"), after)
    (after / "store.db-shm").unlink(missing_ok=True)
    await look(place, after, kept, tried, seen)
    shutil.rmtree(place)
    return seen


async def main(folder: Path) -> None:
    disk = Disk()
    seen: list[Seen] = []
    for kind, parts, positions in (
        ("eio-write", ("outbox.journal", "store.db-wal"), range(1, 5)),
        ("short-write", ("outbox.journal", "store.db-wal"), range(1, 5)),
        ("eio-sync", ("outbox.journal", "store.db-wal"), range(1, 5)),
    ):
        for part in parts:
            for at in positions:
                row = Seen(kind, part, at)
                lasts = at % 2 == 0
                seen.append(await one_round(disk, folder / f"{len(seen)}", row, lasts=lasts))
    for at in range(1, POWER_CUTS):
        seen.append(await power_cut(disk, folder / f"{len(seen)}", Seen("power-cut", "", at)))
        row = Seen("lost-sync", "store.db", at)
        seen.append(await power_cut(disk, folder / f"{len(seen)}", row))
        row = Seen("lost-sync", "outbox.journal", at)
        seen.append(await power_cut(disk, folder / f"{len(seen)}", row))
    print(json.dumps([asdict(row) for row in seen]))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
