"""Fills the disk under a store, again and again; run by test_full_disk.py on a tmpfs of its own.

Says in JSON what it saw. Every round leaves a little more room than the one before, so that the
disk is full at another place of the act.
"""

import asyncio
import json
import os
import sys
from functools import partial
from pathlib import Path

from app.domain.failures import Failure
from offline_store.database import OfflineStore
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.given import PATIENT, event, new_note

ROUNDS = 50
STEP_BYTES = 4096 * 3


def act(text: str, unit: UnitOfWork) -> None:
    unit.outbox.add(new_note(text))
    unit.audit.add(event())


async def fill(store: OfflineStore, round_number: int, kept: set[str]) -> str:
    for number in range(2000):
        text = f"round {round_number} note {number} " + "long " * 400
        try:
            await store.transaction(partial(act, text))
        except Failure as failure:
            return f"{type(failure).__name__}: {failure.code}"
        kept.add(text)
    return "never full"


async def main(disk: Path) -> None:
    folder, ballast, ring = disk / "profile", disk / "ballast", KeyringInMemory()
    kept: set[str] = set()
    said: list[str] = []
    for round_number in range(ROUNDS):
        async with kept_store(folder, ring) as store:
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            ballast.write_bytes(bytes(max(0, free - (round_number + 1) * STEP_BYTES)))
            said.append(await fill(store, round_number, kept))
            try:
                await store.recordings.save(os.urandom(2 * 2**20))
                said.append("saved")
            except Failure as failure:
                said.append(f"{type(failure).__name__}: {failure.code}")
            ballast.unlink()
            text = f"round {round_number}, room again"
            await store.transaction(partial(act, text))
            kept.add(text)
    async with kept_store(folder, ring) as store:
        notes = await store.transaction(lambda unit: unit.records.notes(PATIENT))
        events = await store.transaction(lambda unit: unit.audit.unacknowledged(10**6))
    texts = {note.text for note in notes}
    print(
        json.dumps(
            {
                "said": sorted(set(said)),
                "rounds": len(said) // 2,
                "kept": len(kept),
                "is_all_there": texts == kept,
                "events": len(events),
                "left": sorted(path.name for path in (folder / "recordings").iterdir()),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
