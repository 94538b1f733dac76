"""What was erased on order is destroyed here: no page, no log and no file holds anything of it."""

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from app.domain.changes import ChangeResult, ConfirmedRecord, Outcome, RecordType
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.file_purges import FilePurge
from app.domain.ids import RecordId, VisitId, new_id
from offline_store.connection import PAGE_BYTES
from offline_store.database import OfflineStore
from offline_store.key_vault import KeyVault
from offline_store.snapshot import SNAPSHOT_NAME
from offline_store.store_file import BEFORE_NAME
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.conftest import raw_connection
from tests.store.given import PATIENT, confirmed, new_change, page, recording_fields

RESERVED_BYTES, IV_BYTES = 80, 16  # SQLCipher 4: at a page's end IV, then HMAC-SHA512


def recording_with(
    key: str, name: str, record: RecordId, position: int, version: int = 1
) -> ConfirmedRecord:
    fields = {**recording_fields(name), "file_key": key}
    return confirmed(RecordType.RECORDING, fields, record, position=position, version=version)


async def apply(store: OfflineStore, record: ConfirmedRecord) -> None:
    await store.transaction(
        lambda unit: unit.records.apply(page(record, since=unit.records.feed_position()))
    )


async def due(store: OfflineStore) -> list[FilePurge]:
    return await store.transaction(lambda unit: unit.purges.due())


async def test_a_record_that_lost_its_key_is_due_until_it_is_done(
    either_store: OfflineStore,
) -> None:
    record, name = RecordId(new_id()), "a" * 64
    await apply(either_store, recording_with("key", name, record, 1))
    assert await due(either_store) == []
    await apply(either_store, recording_with("", name, record, 2, version=2))
    [purge] = await due(either_store)
    assert (purge.record, purge.files) == (record, (name,))
    assert purge.patient == PATIENT
    await either_store.transaction(lambda unit: unit.purges.done(record))
    await apply(either_store, recording_with("", name, record, 3, version=3))
    assert await due(either_store) == []


async def test_one_that_never_had_its_key_here_is_no_news(store: OfflineStore) -> None:
    record = RecordId(new_id())
    await apply(store, recording_with("", "a" * 64, record, 5))
    older = page(recording_with("key", "a" * 64, record, 4), since=5, until=6)
    await store.transaction(lambda unit: unit.records.apply(older))
    assert await due(store) == []


async def test_every_part_of_a_messages_file_is_due(store: OfflineStore) -> None:
    record, names = RecordId(new_id()), ("a" * 64, "b" * 64)

    def message(key: str, position: int) -> ConfirmedRecord:
        parts = [{"file_sha256": name, "file_key": key, "file_bytes": 10} for name in names]
        fields = {
            "visit": str(VisitId(new_id())),
            "patient": str(PATIENT),
            "text": "The letter",
            "author": str(new_id()),
            "author_name": "Dr Lin",
            "written_at": "2026-11-21T09:00:00+00:00",
            "file": {"name": "a.pdf", "kind": "pdf", "size_bytes": 9, "sha256": "1" * 64},
            "file_parts": parts,
        }
        return confirmed(RecordType.MESSAGE, fields, record, position=position)

    await apply(store, message("key", 1))
    await apply(store, message("", 2))
    assert [purge.files for purge in await due(store)] == [names]


async def test_the_key_is_in_no_page_and_no_log(folder: Path, ring: KeyringInMemory) -> None:
    """The file is opened as whoever stole it and the key of the store would."""
    key = base64.b64encode(os.urandom(32)).decode()
    record = RecordId(new_id())
    async with kept_store(folder, ring) as store:
        name, _, _ = await store.recordings.save(b"RIFF" + bytes(100_000))
        await apply(store, recording_with(key, name, record, 1))
        assert key.encode() in await everything(folder, ring)
        await apply(store, recording_with("", name, record, 2, version=2))
        await store.recordings.remove(name)
        await store.erase_traces()
        assert (folder / "store.db-wal").stat().st_size == 0
        assert key.encode() not in await everything(folder, ring)
        assert list((folder / "recordings").iterdir()) == []


async def test_what_was_sent_is_never_sent_again_with_the_key(
    folder: Path, ring: KeyringInMemory
) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    async with kept_store(folder, ring) as store:
        fields = {**recording_fields("a" * 64), "file_key": key}
        change = await store.transaction(
            lambda unit: unit.outbox.add(new_change(RecordType.RECORDING, fields))
        )
        stands = recording_with(key, "a" * 64, change.record, 1)
        result = ChangeResult(change.id, Outcome.ACCEPTED, None, stands)
        await store.transaction(lambda unit: unit.outbox.settle(result))
        assert key.encode() in await everything(folder, ring)
        await apply(store, recording_with("", "a" * 64, change.record, 2, version=2))
        await store.erase_traces()
        assert key.encode() not in await everything(folder, ring)
        await store.transaction(lambda unit: unit.records.begin_anew())
        assert await store.look(lambda unit: unit.outbox.waiting(9)) == []


async def test_no_copy_of_the_store_outlives_the_key(folder: Path, ring: KeyringInMemory) -> None:
    record = RecordId(new_id())
    async with kept_store(folder, ring) as store:
        assert store.upkeep is not None
        await apply(store, recording_with("key", "a" * 64, record, 1))
        await store.upkeep.make_snapshot()
        (folder / BEFORE_NAME).write_bytes(b"of the release before")
        await apply(store, recording_with("", "a" * 64, record, 2, version=2))
        assert (folder / SNAPSHOT_NAME).exists()
        await store.erase_traces()
        assert not (folder / SNAPSHOT_NAME).exists()
        assert not (folder / BEFORE_NAME).exists()


async def test_a_store_that_rests_is_erased_as_well(folder: Path, ring: KeyringInMemory) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    record = RecordId(new_id())
    async with kept_store(folder, ring) as store:
        await apply(store, recording_with(key, "a" * 64, record, 1))
        await store.rest()
        await apply(store, recording_with("", "a" * 64, record, 2, version=2))
        await store.erase_traces()
        assert store.rests
        assert not (folder / "store.db-wal").exists()
        assert key.encode() not in await everything(folder, ring)


async def everything(folder: Path, ring: KeyringInMemory) -> bytes:
    """The pages of the database and of its log, decrypted by hand."""
    key = await KeyVault(folder, choose_backend=lambda: ring).key(has_store=True)
    pages = [*pages_of((folder / "store.db").read_bytes(), 0, 0)]
    log = folder / "store.db-wal"
    pages += pages_of(log.read_bytes(), 32, 24) if log.exists() else []
    return b"".join(opened(page, key) for page in pages)


def pages_of(data: bytes, header: int, frame_header: int) -> list[bytes]:
    step = PAGE_BYTES + frame_header
    starts = range(header, len(data) - step + 1, step)
    return [data[at + frame_header : at + step] for at in starts]


def opened(page: bytes, key: bytes) -> bytes:
    """Also a first page, of which the first 16 bytes are the salt: those come out as noise."""
    iv = page[-RESERVED_BYTES : -RESERVED_BYTES + IV_BYTES]
    found = b""
    for skipped in (0, 16):
        cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        found += cipher.update(page[skipped:-RESERVED_BYTES])
    return found


async def test_a_log_that_is_held_is_not_called_empty(
    store: OfflineStore, folder: Path, ring: KeyringInMemory
) -> None:
    record = RecordId(new_id())
    await apply(store, recording_with("key", "a" * 64, record, 1))
    reader = await raw_connection(folder, ring)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records")
    await apply(store, recording_with("", "a" * 64, record, 2, version=2))
    await store._worker.run(lambda: store._connection.execute("PRAGMA busy_timeout = 10"))
    with pytest.raises(Unavailable) as held:
        await store.erase_traces()
    assert held.value.code is Code.STORE_IN_USE
    reader.close()
    await store.erase_traces()
    assert (folder / "store.db-wal").stat().st_size == 0


@pytest.mark.parametrize("name", ["../keys.json", "", "a" * 63])
async def test_no_name_but_a_digest_is_removed(store: OfflineStore, name: str) -> None:
    with pytest.raises(Untrusted) as caught:
        await store.recordings.remove(name)
    assert caught.value.code is Code.MALFORMED
