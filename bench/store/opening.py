"""From the folder to the store that answers, with the key at hand; and what one act costs."""

import time
from pathlib import Path

from app.domain.audit import Act
from bench.rows import Row, p95_row
from bench.store import made
from bench.store.amount import Amount
from bench.store.profile import Profile
from offline_store.database import open_store
from tests.store.given import event, new_note

PATIENTS = 500
UNSENT = 200


async def rows(amount: Amount, folder: Path) -> list[Row]:
    profile = Profile(folder / "opening")
    await _fill(profile)
    opened, acts = [], []
    for _ in range(amount.openings):
        began = time.perf_counter()
        async with open_store(profile.folder, profile.vault()) as store:
            await store.transaction(lambda unit: unit.kept.device_id())
            opened.append((time.perf_counter() - began) * 1000)
    async with open_store(profile.folder, profile.vault()) as store:
        for _ in range(amount.acts):
            began = time.perf_counter()
            await store.transaction(
                lambda unit: (unit.outbox.add(new_note()), unit.audit.add(event(act=Act.NOTE_KEPT)))
            )
            acts.append((time.perf_counter() - began) * 1000)
    size = (profile.folder / "store.db").stat().st_size / 2**20
    note = (
        f"lock, keys.json, keyring item (in memory), file of {size:.0f} MiB, journal of {UNSENT} "
        "unsent acts read whole and compared, first answer"
    )
    act_note = "outbox row, audit event and journal frame, both files synced; one after the other"
    return [
        p95_row("open the store with the key at hand", "ms", opened, note, "<= 50"),
        p95_row("keep one act", "ms", acts, act_note, "<= 50"),
    ]


async def _fill(profile: Profile) -> None:
    async with open_store(profile.folder, profile.vault()) as store:
        for page in made.pages(0, PATIENTS, 0):
            await store.transaction(made.taken(page))
        for _ in range(UNSENT):
            await store.transaction(
                lambda unit: (unit.outbox.add(new_note()), unit.audit.add(event()))
            )
