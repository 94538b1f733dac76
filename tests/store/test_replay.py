"""Acts that the store's file lost come back from the journal, once, with their events and files."""

import os
import shutil
from pathlib import Path

import pytest

from app.domain.audit import ChainRow, verify_chain
from app.domain.changes import RecordType
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import RecordId, new_id
from app.domain.tray import Place, TrayItem, WhyAside
from offline_store.act_journal import LOOKED_AT_BYTES
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from offline_store.snapshot import SNAPSHOT_NAME
from offline_store.store_file import JOURNAL_NAME
from offline_store.unit_of_work import UnitOfWork
from offline_store.upkeep import Upkeep
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.given import (
    PATIENT,
    a_patient,
    accepted,
    event,
    new_change,
    new_note,
    page,
    recording_fields,
    refused,
)
from tests.store.make_release_store import contents
from tests.store.test_measurements import measured


async def act(store: OfflineStore, text: str) -> None:
    def write(unit: UnitOfWork) -> None:
        change = unit.outbox.add(new_note(text))
        unit.audit.add(event(change.record))

    await store.transaction(write)


async def settle_oldest(store: OfflineStore) -> None:
    def write(unit: UnitOfWork) -> None:
        change = unit.outbox.waiting(1)[0]
        unit.outbox.settle(accepted(change, position=100 + change.counter))
        unit.audit.acknowledge(unit.audit.head().count)

    await store.transaction(write)


async def texts(store: OfflineStore) -> list[str]:
    notes = await store.look(lambda unit: unit.records.notes(PATIENT))
    return sorted(note.text for note in notes)


async def test_what_is_to_be_sent_again_is_in_the_journal_again(
    folder: Path, ring: KeyringInMemory
) -> None:
    """The server went back, and then this store is lost, too."""
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault) as store:
        await act(store, "first")
        await settle_oldest(store)
        await upkeep_of(store).make_snapshot()
        await act(store, "second")
        await settle_oldest(store)
        await store.on_writer(store._kept.journal.compact)  # type: ignore[union-attr]
        await store.transaction(lambda unit: unit.records.begin_anew())
        waiting = await store.look(lambda unit: unit.outbox.waiting(9))
    (folder / SNAPSHOT_NAME).unlink()
    (folder / "store.db").write_bytes(bytes(8192))
    async with open_store(folder, vault, begins_anew=True) as store:
        assert len(waiting) == 2
        assert await store.look(lambda unit: unit.outbox.waiting(9)) == waiting


async def chain_holds(store: OfflineStore) -> bool:
    events = await store.look(lambda unit: unit.audit.unacknowledged(10**6))
    rows = [ChainRow(e.number, e.event.canonical(), e.digest) for e in events]
    reached, fault = verify_chain(rows)
    return fault is None and reached == await store.look(lambda unit: unit.audit.head())


def upkeep_of(store: OfflineStore) -> Upkeep:
    assert store.upkeep is not None
    return store.upkeep


def files_of(folder: Path) -> dict[str, bytes]:
    """The store as a power cut may leave it: its file and its log, without the journal."""
    return {p.name: p.read_bytes() for p in folder.glob("store.db*") if not p.name.endswith("shm")}


def named(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))


def put_files(folder: Path, files: dict[str, bytes]) -> None:
    for path in folder.glob("store.db*"):
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)


async def test_what_the_stores_log_lost_is_put_back_with_its_events(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        await act(store, "in both")
        earlier = files_of(folder)
        await act(store, "lost by a power cut")
        await act(store, "this too")
        now = await store.transaction(contents)
    put_files(folder, earlier)
    async with kept_store(folder, ring) as store:
        assert (store.restored.changes, store.restored.events) == (2, 2)
        assert await store.transaction(contents) == now
        assert await chain_holds(store)
        await act(store, "and goes on")
    async with kept_store(folder, ring) as store:
        assert store.restored.is_nothing
        assert await texts(store) == ["and goes on", "in both", "lost by a power cut", "this too"]


async def test_a_damaged_store_is_begun_anew_only_when_a_person_says_so(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        name, key, size = await store.recordings.save(b"RIFF" * 100)
        await store.transaction(lambda unit: unit.records.apply(page(a_patient(position=1))))
        for number in range(4):
            await act(store, f"note {number}")
        await settle_oldest(store)

        def keep(unit: UnitOfWork) -> None:
            unit.attachments.add(name, size)
            fields = {**recording_fields(name), "file_key": key}
            unit.outbox.add(new_change(RecordType.RECORDING, fields))
            aside = TrayItem(RecordId(new_id()), measured(), WhyAside.NOBODY_ASKED)
            unit.measurements.put(aside, Place.ASIDE)

        await store.transaction(keep)
        before = await store.transaction(contents)
    damaged = bytearray((folder / "store.db").read_bytes())
    damaged[5000] ^= 1
    (folder / "store.db").write_bytes(damaged)
    for _ in range(2):
        with pytest.raises(Untrusted) as caught:
            async with kept_store(folder, ring):
                pass
        assert caught.value.code is Code.STORE_DAMAGED
        assert (folder / "store.db").read_bytes() == damaged
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        after = await store.transaction(contents)
        assert store.was_begun_anew
        assert await store.transaction(lambda unit: unit.records.feed_position()) == 0
        for what in ("device", "device_key", "tray", "unsent_files", "recordings", "audit"):
            assert after[what] == before[what], what
        # The one that the server has may be sent again: it answers that it has it.
        assert {note for note, _ in after["notes"]} == {f"note {number}" for number in range(4)}
        assert set(before["outbox"]) <= set(after["outbox"])
    (aside,) = named(folder, "damaged-*")
    assert (aside / "store.db").read_bytes() == damaged
    assert (aside / JOURNAL_NAME).stat().st_size > 0
    async with kept_store(folder, ring) as store:
        assert not store.was_begun_anew and store.restored.is_nothing
        assert await store.transaction(contents) == after


async def test_the_last_good_copy_is_where_a_new_beginning_begins(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        await store.transaction(lambda unit: unit.records.apply(page(a_patient(position=1))))
        await store.transaction(lambda unit: unit.kept.keep_text("person", "known"))
        await act(store, "before the copy")
        await upkeep_of(store).make_snapshot()
        await act(store, "after the copy")
        await settle_oldest(store)
        await upkeep_of(store).compact_journal()
        await act(store, "last")
        before = await store.transaction(contents)
    (folder / "store.db").write_bytes(b"no database at all" * 1000)
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        assert await store.transaction(lambda unit: unit.kept.text("person")) == "known"
        assert await store.transaction(lambda unit: unit.records.feed_position()) == 1
        after = await store.transaction(contents)
        assert await texts(store) == ["after the copy", "before the copy", "last"]
        assert after["audit"] == before["audit"]
        assert after["device"] == before["device"]
        assert set(before["outbox"]) <= set(after["outbox"])
        await act(store, "the chain goes on")


async def test_a_bad_copy_is_not_begun_from(folder: Path, ring: KeyringInMemory) -> None:
    async with kept_store(folder, ring) as store:
        await act(store, "an act")
        await upkeep_of(store).make_snapshot()
    snapshot = bytearray((folder / SNAPSHOT_NAME).read_bytes())
    snapshot[-3000] ^= 1
    (folder / SNAPSHOT_NAME).write_bytes(snapshot)
    (folder / "store.db").write_bytes(b"")
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        assert await texts(store) == ["an act"]


async def test_a_journal_alone_is_a_store_that_lost_its_file(
    folder: Path, ring: KeyringInMemory
) -> None:
    """Never taken for an empty profile, whose keys would be made anew."""
    async with kept_store(folder, ring) as store:
        await act(store, "only in the journal")
    (folder / "store.db").unlink()
    keys = (folder / "keys.json").read_bytes()
    with pytest.raises(Untrusted) as caught:
        async with kept_store(folder, ring):
            pass
    assert caught.value.code is Code.STORE_DAMAGED
    assert (folder / "keys.json").read_bytes() == keys
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        assert await texts(store) == ["only in the journal"]


@pytest.mark.parametrize("damage", ["gone", "cut to its header", "a flipped bit", "of another key"])
async def test_a_journal_that_is_lost_is_written_anew_from_the_store(
    folder: Path, ring: KeyringInMemory, damage: str
) -> None:
    async with kept_store(folder, ring) as store:
        for number in range(3):
            await act(store, f"note {number}")
    path = folder / JOURNAL_NAME
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "cut to its header":
        path.write_bytes(data[:21])
    elif damage == "a flipped bit":
        path.write_bytes(data[:300] + bytes([data[300] ^ 8]) + data[301:])
    else:
        path.write_bytes(data[:5] + os.urandom(len(data) - 5))
    async with kept_store(folder, ring) as store:
        assert len(await texts(store)) == 3
    aside = named(folder, f"{JOURNAL_NAME}.damaged-*")
    assert len(aside) == (damage in ("a flipped bit", "of another key"))
    (folder / "store.db").write_bytes(b"")
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        assert len(await texts(store)) == 3


async def test_an_act_that_did_not_come_about_is_not_brought_back(
    folder: Path, ring: KeyringInMemory
) -> None:
    class Defect(Exception):
        pass

    def half(unit: UnitOfWork) -> None:
        unit.outbox.add(new_note("half"))
        raise Defect

    async with kept_store(folder, ring) as store:
        await act(store, "whole")
        with pytest.raises(Defect):
            await store.transaction(half)
        connection = store._connection
        await store._worker.run(lambda: connection.execute("PRAGMA max_page_count = 1"))
        with pytest.raises(Unavailable):
            await act(store, "long " * 3000)
    (folder / "store.db").write_bytes(b"")
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        assert await texts(store) == ["whole"]


async def test_the_journal_holds_only_what_the_server_has_not_answered(
    folder: Path, ring: KeyringInMemory
) -> None:
    async with kept_store(folder, ring) as store:
        long = "a long note " * 800
        while upkeep_of(store).journal_bytes < 2 * LOOKED_AT_BYTES:
            await act(store, long)
        assert not await upkeep_of(store).compact_journal()  # all of it waits
        while await store.transaction(lambda unit: len(unit.outbox.waiting(100))) > 1:
            await settle_oldest(store)
        assert await upkeep_of(store).compact_journal()
        assert upkeep_of(store).journal_bytes < 3 * len(long)
        await store.transaction(lambda unit: unit.outbox.settle(refused(unit.outbox.waiting(1)[0])))
        now = await store.transaction(lambda unit: [p.change.id for p in unit.outbox.all()])
    (folder / "store.db").write_bytes(b"")
    vault = KeyVault(folder, choose_backend=lambda: ring)
    async with open_store(folder, vault, begins_anew=True) as store:
        back = await store.transaction(lambda unit: [p.change.id for p in unit.outbox.all()])
        assert back == now


async def test_what_only_reads_leaves_no_frame(folder: Path, ring: KeyringInMemory) -> None:
    async with kept_store(folder, ring) as store:
        await act(store, "an act")
        before = upkeep_of(store).journal_bytes
        await store.transaction(lambda unit: unit.records.notes(PATIENT))
        await store.transaction(lambda unit: unit.records.apply(page(a_patient(position=1))))
        assert upkeep_of(store).journal_bytes == before


async def test_a_profile_copied_to_another_place_opens_there(
    folder: Path, ring: KeyringInMemory, tmp_path: Path
) -> None:
    async with kept_store(folder, ring) as store:
        await act(store, "moved")
    shutil.copytree(folder, tmp_path / "elsewhere")
    async with kept_store(tmp_path / "elsewhere", ring) as store:
        assert await texts(store) == ["moved"]
