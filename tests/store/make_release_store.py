"""Makes the store that this release would leave behind, as a folder that later releases must open.

`python -m tests.store.make_release_store` writes tests/data/stores/schema-N once; a folder that is
there is never made anew, because no later program can make what an earlier one left. Schema 1 was
made at the last commit before schema 2, without what that release did not know.
"""

import asyncio
import json
import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

from app.domain.changes import HeardRecord, NewChange, RecordType
from app.domain.failures import Code
from app.domain.ids import RecordId, new_id
from app.domain.tray import Place, TrayItem, WhyAside
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from offline_store.migrate import steps
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInFile
from tests.store.given import (
    PATIENT,
    VISIT,
    a_patient,
    a_visit,
    accepted,
    confirmed,
    event,
    new_change,
    new_note,
    page,
    reading_fields,
    recording_fields,
    refused,
    written,
)
from tests.store.test_measurements import measured

STORES = Path(__file__).resolve().parent.parent / "data" / "stores"
SOUND = b"RIFF" + bytes(range(256)) * 40
LEFT_BEHIND = frozenset({"store.db", "keys.json", "recordings"})


def vault_of(place: Path) -> KeyVault:
    ring = KeyringInFile(place / "ring.json")
    return KeyVault(place / "profile", choose_backend=lambda: ring)


def act(new: NewChange, unit: UnitOfWork) -> None:
    unit.outbox.add(new)
    unit.audit.add(event(new.record))


def settle_first(unit: UnitOfWork) -> None:
    """One note that the server has, one that it refused, and two that it has not heard of."""
    first, second = unit.outbox.waiting(2)
    unit.outbox.settle(accepted(first, position=40))
    unit.outbox.settle(refused(second, Code.NOT_ALLOWED))
    unit.audit.acknowledge(2)


async def fill(store: OfflineStore) -> dict[str, Any]:
    """What a day leaves in a store; told to whoever opens it later."""
    name, key, size = await store.recordings.save(SOUND)
    theirs = confirmed(RecordType.NOTE, written("confirmed elsewhere"), new_id(), position=3)
    later = confirmed(RecordType.NOTE, {"of": "later"}, new_id(), position=4, schema=2)

    def arrive(unit: UnitOfWork) -> None:
        unit.records.apply(page(a_patient(position=1), a_visit(position=2), theirs, later))
        unit.kept.keep_text("refresh-token", "a token")
        unit.heard.keep(heard())
        unit.measurements.put(
            TrayItem(RecordId(new_id()), measured(), WhyAside.NOBODY_ASKED), Place.ASIDE
        )

    await store.transaction(arrive)
    for text in ("confirmed", "refused", "waiting"):
        await store.transaction(partial(act, new_note(text)))
    await store.transaction(settle_first)
    reading = new_change(RecordType.READING, reading_fields("131"))
    recording = new_change(RecordType.RECORDING, {**recording_fields(name), "file_key": key})

    def keep(unit: UnitOfWork) -> None:
        unit.attachments.add(name, size)
        act(reading, unit)
        act(recording, unit)

    await store.transaction(keep)
    return await store.transaction(contents)


def heard() -> HeardRecord:
    return HeardRecord(
        RecordType.MESSAGE, RecordId(new_id()), written("said over the call"), PATIENT, VISIT
    )


def contents(unit: UnitOfWork) -> dict[str, Any]:
    """Everything that a person may find in a store, in words that every release understands."""
    waiting = [(str(p.change.id), p.change.counter, p.refused) for p in unit.outbox.all()]
    sounds = unit.records.recordings(PATIENT)
    witness = unit.audit.head()
    return {
        "device": str(unit.kept.device_id()),
        "device_key": unit.kept.device_private_key().hex(),
        "refresh-token": unit.kept.text("refresh-token"),
        "feed_position": unit.records.feed_position(),
        "notes": sorted((note.text, note.is_pending) for note in unit.records.notes(PATIENT)),
        "messages": [message.text for message in unit.records.messages(VISIT)],
        "readings": [str(r.measured.quantities[0].value) for r in unit.records.readings(PATIENT)],
        "recordings": [(sound.file_sha256, sound.file_key) for sound in sounds],
        "outbox": waiting,
        "sendable": sorted(change.counter for change in unit.outbox.waiting(100)),
        "unsent_files": unit.attachments.unsent(),
        "audit": [witness.count, witness.digest],
        "unacknowledged": [e.number for e in unit.audit.unacknowledged(100)],
        "tray": [str(item.id) for item in unit.measurements.waiting(Place.ASIDE)],
    }


def in_json(found: dict[str, Any]) -> dict[str, Any]:
    """As it is read from a file: pairs are lists there."""
    read: dict[str, Any] = json.loads(json.dumps(found))
    return read


async def make(place: Path) -> None:
    """Without what belongs to the running program; the key's ring lies beside, as in a backup."""
    async with open_store(place / "profile", vault_of(place)) as store:
        found = await fill(store)
    for path in (place / "profile").iterdir():
        if path.name not in LEFT_BEHIND:
            path.unlink()
    (place / "expected.json").write_text(json.dumps(found, indent=1) + "\n")


def main() -> int:
    os.umask(0o077)
    place = STORES / f"schema-{len(steps())}"
    if place.exists():
        print(f"{place} is kept as it is")
        return 1
    unfinished = place.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    asyncio.run(make(unfinished))
    unfinished.rename(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
