"""Writes into a store as fast as it can, says after each commit what is kept; dies by kill -9."""

import asyncio
import os
import random
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from app.domain.changes import RecordType
from app.domain.ids import RecordId, new_id
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInFile
from tests.store.given import (
    accepted,
    confirmed,
    event,
    new_change,
    new_note,
    page,
    recording_fields,
    written,
)

# Feed pages and answers take their positions from two ranges, so that neither hides the other.
ANSWERS_FROM = 10**9


def vault_of(folder: Path) -> KeyVault:
    ring = KeyringInFile(folder.parent / "ring.json")
    return KeyVault(folder, choose_backend=lambda: ring)


def keep_note(unit: UnitOfWork) -> tuple[Any, ...]:
    change = unit.outbox.add(new_note("a note " * random.randrange(1, 200)))
    number = unit.audit.add(event(change.record)).number
    return "kept", str(change.record), change.counter, number


def take_answer(unit: UnitOfWork) -> tuple[Any, ...]:
    if unit.records.feed_position() == 0:  # a desk looks at the feed before it sends
        return take_page(unit)
    waiting = unit.outbox.waiting(1)
    if not waiting:
        return ("nothing",)
    change = waiting[0]
    unit.outbox.settle(accepted(change, position=ANSWERS_FROM + change.counter))
    return "settled", str(change.record)


def take_page(unit: UnitOfWork) -> tuple[Any, ...]:
    since = unit.records.feed_position()
    record = confirmed(RecordType.NOTE, written("theirs"), new_id(), position=since + 1)
    unit.records.apply(page(record, since=since))
    return "page", str(record.record), since + 1


async def keep_recording(store: OfflineStore) -> tuple[Any, ...]:
    wav = os.urandom(random.randrange(200_000))
    name, key, size = await store.recordings.save(wav)

    def write(unit: UnitOfWork) -> RecordId:
        unit.attachments.add(name, size)
        fields = {**recording_fields(name), "file_key": key}
        change = unit.outbox.add(new_change(RecordType.RECORDING, fields))
        unit.audit.add(event(change.record))
        return change.record

    return "recorded", str(await store.transaction(write)), name, key, wav[:64]


def checkpoint(store: OfflineStore) -> None:
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def write_for_ever(folder: Path, acknowledge: Connection, seed: int) -> None:
    random.seed(seed)
    async with open_store(folder, vault_of(folder)) as store:
        while True:
            choice = random.random()
            if choice < 0.03:
                acknowledge.send(await keep_recording(store))
            elif choice < 0.08:
                await store._worker.run(lambda: checkpoint(store))
            else:
                work = keep_note if choice < 0.6 else take_answer if choice < 0.8 else take_page
                acknowledge.send(await store.transaction(work))


def run(folder: str, acknowledge: Connection, seed: int) -> None:
    asyncio.run(write_for_ever(Path(folder), acknowledge, seed))
