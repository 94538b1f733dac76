"""The store's care: pages checked in steps, copies that are good, patients who leave whole."""

import asyncio
import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.domain.changes import ChangeResult, ConfirmedRecord, Json, Outcome, RecordType
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import PatientId, RecordId, new_id
from app.domain.tray import Place, TrayItem, WhyAside
from offline_store import snapshot, upkeep
from offline_store.database import OfflineStore
from offline_store.page_check import STEP_PAGES, PageCheck
from offline_store.snapshot import SNAPSHOT_NAME, UNFINISHED_NAME
from offline_store.unit_of_work import UnitOfWork
from offline_store.upkeep import Upkeep
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store, memory_store
from tests.store.given import (
    NOON,
    PATIENT,
    VISIT,
    a_patient,
    a_visit,
    confirmed,
    event,
    new_note,
    page,
    recording_fields,
    written,
)
from tests.store.test_measurements import measured

LATER = NOON + timedelta(days=100)
SECRET = "wheeze at the left base, long since gone"


def upkeep_of(store: OfflineStore) -> Upkeep:
    assert store.upkeep is not None
    return store.upkeep


async def fill(store: OfflineStore, notes: int = 600) -> None:
    await store.transaction(
        lambda unit: [unit.outbox.add(new_note(f"note {n} " + "long " * 200)) for n in range(notes)]
    )


def add(text: str, unit: UnitOfWork) -> None:
    unit.outbox.add(new_note(text))


async def round_of(care: Upkeep) -> int:
    """Steps until a round ends."""
    steps = 1
    while not await care.check_step():
        steps += 1
    return steps


async def test_in_memory_there_is_nothing_to_care_for(folder: Path) -> None:
    async with memory_store(folder) as store:
        assert store.upkeep is None


async def test_a_round_reads_every_page_in_small_steps(store: OfflineStore, folder: Path) -> None:
    await fill(store)
    care = upkeep_of(store)
    await care.compact_journal()
    steps = await round_of(care)
    pages = (folder / "store.db").stat().st_size // 4096
    assert steps == max(1, -(-pages // STEP_PAGES))
    assert await round_of(care) >= steps  # and begins again


async def test_damage_is_found_in_the_round_that_comes_by(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        await fill(store)
    path = folder / "store.db"
    for _ in range(5):
        whole = path.read_bytes()
        async with kept_store(folder, ring) as store:
            damaged = bytearray(whole)
            damaged[random.randrange(8192, len(damaged))] ^= 1 << random.randrange(8)
            path.write_bytes(damaged)
            with pytest.raises(Untrusted) as caught:
                await round_of(upkeep_of(store))
            assert caught.value.code is Code.STORE_DAMAGED
        path.write_bytes(whole)


async def test_a_page_that_is_being_written_is_no_damage(
    store: OfflineStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks wrong from beside is looked at again while nobody writes."""
    await fill(store)
    care, looks = upkeep_of(store), []
    real = PageCheck.faults

    def torn_once(check: PageCheck, first: int = 1, count: int | None = None) -> list[int]:
        looks.append(first)
        return [first] if len(looks) == 1 else real(check, first, count)

    monkeypatch.setattr(PageCheck, "faults", torn_once)
    await round_of(care)
    assert len(looks) >= 2


async def test_the_copy_is_whole_encrypted_and_replaces_the_one_before(
    store: OfflineStore, folder: Path
) -> None:
    care = upkeep_of(store)
    assert care.snapshot_age_s() is None
    await fill(store, notes=50)
    await care.make_snapshot()
    first = (folder / SNAPSHOT_NAME).read_bytes()
    age_s = care.snapshot_age_s()
    assert age_s is not None and age_s < 60
    await store.transaction(lambda unit: unit.outbox.add(new_note(SECRET)))
    await care.make_snapshot()
    second = (folder / SNAPSHOT_NAME).read_bytes()
    assert first != second
    for data in (first, second):
        assert SECRET.encode() not in data and b"CREATE TABLE" not in data
    assert not (folder / UNFINISHED_NAME).exists()


async def test_acts_go_on_while_the_copy_is_made(store: OfflineStore, folder: Path) -> None:
    await fill(store)
    async with asyncio.TaskGroup() as together:
        together.create_task(upkeep_of(store).make_snapshot())
        for number in range(20):
            await store.transaction(partial(add, f"beside {number}"))
    notes = await store.look(lambda unit: unit.records.notes(PATIENT))
    assert len(notes) == 620


async def test_without_room_the_copy_before_stays(
    store: OfflineStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    care = upkeep_of(store)
    await fill(store, notes=20)
    await care.make_snapshot()
    before = (folder / SNAPSHOT_NAME).read_bytes()
    monkeypatch.setattr(snapshot, "LEFT_FREE_BYTES", 2**62)
    with pytest.raises(Unavailable) as caught:
        await care.make_snapshot()
    assert caught.value.code is Code.STORE_FULL
    monkeypatch.setattr(snapshot, "LEFT_FREE_BYTES", 0)

    def fails(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(snapshot, "_sync", fails)
    with pytest.raises(Unavailable):
        await care.make_snapshot()
    assert (folder / SNAPSHOT_NAME).read_bytes() == before
    assert not (folder / UNFINISHED_NAME).exists()


# --- retention -----------------------------------------------------------------------------------


def of_patient(file_sha256: str = "ab" * 32) -> list[ConfirmedRecord]:
    """A patient with a signed visit, a note and a recording."""
    note = confirmed(RecordType.NOTE, written(SECRET), new_id(), position=3)
    sound = confirmed(RecordType.RECORDING, recording_fields(file_sha256), new_id(), position=4)
    return [a_patient(position=1), a_visit("signed", position=2), note, sound]


def send_and_settle(unit: UnitOfWork) -> None:
    """What the server took is kept for a while, too."""
    change = unit.outbox.add(new_note(SECRET + ", sent"))
    record = confirmed(RecordType.NOTE, written(SECRET), change.record, position=9)
    unit.outbox.settle(ChangeResult(change.id, Outcome.ACCEPTED, None, record))


async def arrive(store: OfflineStore, records: list[ConfirmedRecord]) -> None:
    await store.transaction(lambda unit: unit.records.apply(page(*records)))


async def is_there(store: OfflineStore) -> bool:
    record = RecordId(PATIENT)
    return await store.look(
        lambda unit: unit.records.confirmed(RecordType.PATIENT, record) is not None
    )


async def test_a_patient_whose_time_is_over_leaves_no_trace(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        care = upkeep_of(store)
        name, _, size = await store.recordings.save(b"RIFF" * 1000)
        await store.transaction(lambda unit: unit.attachments.add(name, size))
        await store.transaction(lambda unit: unit.attachments.mark_sent(name))
        await arrive(store, of_patient(name))
        await store.transaction(send_and_settle)
        await care.make_snapshot()
        assert await care.retire(NOON - timedelta(days=1)) == 0
        assert await care.retire(LATER) == 1
        assert not await is_there(store)
        assert await store.look(lambda unit: unit.records.notes(PATIENT)) == []
        assert await store.look(lambda unit: unit.records.recordings(PATIENT)) == []
        assert not await store.recordings.has(name)
        assert not (folder / SNAPSHOT_NAME).exists()
        assert (folder / "store.db-wal").stat().st_size == 0
        assert await care.retire(LATER) == 0
        key = store._kept.key if store._kept is not None else b""
    # With the key at hand nothing of it can be read any more: the pages themselves are looked at.
    assert SECRET.encode() not in plain_pages(folder / "store.db", key)


def plain_pages(path: Path, key: bytes) -> bytes:
    """All pages in the clear, freed ones too: decrypted past the library (AES-256-CBC)."""
    data, found = path.read_bytes(), b""
    for number in range(len(data) // 4096):
        one = data[number * 4096 : (number + 1) * 4096]
        begin, iv = (16 if number == 0 else 0), one[-80:-64]
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        found += decryptor.update(one[begin:-80])
    return found


async def test_the_same_look_finds_what_was_not_shredded(
    folder: Path, ring: KeyringInMemory
) -> None:
    """So that the test above can fail."""
    async with kept_store(folder, ring) as store:
        await arrive(store, of_patient())
        key = store._kept.key if store._kept is not None else b""
    assert SECRET.encode() in plain_pages(folder / "store.db", key)


def in_conflict() -> dict[str, Json]:
    side: dict[str, Json] = {"fields": {"allergies": "Dust"}, "received_at": NOON.isoformat()}
    return {
        "record_type": "patient",
        "record": str(PATIENT),
        "patient": str(PATIENT),
        "base": {"allergies": ""},
        "mine": side,
        "theirs": {"fields": {"allergies": "Nuts"}},
    }


@pytest.mark.parametrize(
    "why",
    [
        *("planned", "unsigned", "newer", "unsent", "in the tray", "a draft"),
        *("nothing has a time", "a conflict"),
    ],
)
async def test_who_is_not_done_with_stays_whole(store: OfflineStore, why: str) -> None:
    records = of_patient()
    if why in ("planned", "unsigned"):
        records[1] = a_visit("booked" if why == "planned" else "finished", position=2)
    elif why == "newer":
        fields = written("newer", at=LATER + timedelta(days=1))
        records.append(confirmed(RecordType.NOTE, fields, new_id(), position=5))
    elif why == "nothing has a time":
        records = records[:1]
    elif why == "a conflict":
        records.append(confirmed(RecordType.CONFLICT, in_conflict(), new_id(), position=5))
    await arrive(store, records)
    if why == "unsent":
        await store.transaction(lambda unit: unit.outbox.add(new_note("unsent")))
    elif why == "in the tray":
        item = TrayItem(RecordId(new_id()), measured(visit=True), WhyAside.NOBODY_ASKED)
        await store.transaction(lambda unit: unit.measurements.put(item, Place.ASIDE))
    elif why == "a draft":
        name = f"draft.{VISIT}.{new_id()}"
        await store.transaction(lambda unit: unit.kept.keep_text(name, "half a note"))
    assert await upkeep_of(store).retire(LATER) == 0
    assert await is_there(store)


async def test_what_comes_between_the_look_and_the_shredding_saves_the_patient(
    store: OfflineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await arrive(store, of_patient())
    real = upkeep._shred

    def late(patient: PatientId, cutoff: int) -> object:
        write = real(patient, cutoff)

        def after_an_act(unit: UnitOfWork) -> object:
            unit.outbox.add(new_note("just now"))
            return write(unit)

        return after_an_act

    monkeypatch.setattr(upkeep, "_shred", late)
    assert await upkeep_of(store).retire(LATER) == 0
    assert await is_there(store)


async def test_others_keep_all_they_have(store: OfflineStore) -> None:
    other = PatientId(UUID(int=0xDD))
    fields = {**written("theirs"), "patient": str(other)}
    theirs = confirmed(RecordType.NOTE, fields, new_id(), position=9)
    late = {**written("theirs, later", at=datetime(2027, 9, 1, tzinfo=UTC)), "patient": str(other)}
    newer = confirmed(RecordType.NOTE, late, new_id(), position=10)
    await arrive(store, of_patient())
    await store.transaction(
        lambda unit: unit.records.apply(
            page(
                *(as_of(record, other) for record in (theirs, newer)),
                since=unit.records.feed_position(),
            )
        )
    )
    await store.transaction(lambda unit: unit.audit.add(event()))
    assert await upkeep_of(store).retire(LATER) == 1
    assert len(await store.look(lambda unit: unit.records.notes(other))) == 2


def as_of(record: ConfirmedRecord, patient: PatientId) -> ConfirmedRecord:
    return replace(record, patient=patient)
