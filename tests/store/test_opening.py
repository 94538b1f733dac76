"""Opening: private, local, alone; a wrong key, a damaged file and a full disk told apart."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.audit import Witness
from app.domain.changes import NewChange
from app.domain.failures import Code, Failure, Unavailable, Untrusted
from app.domain.tray import Place
from offline_store import connection as connection_module
from offline_store.database import OfflineStore, open_store, read_witness
from offline_store.key_vault import KeyVault
from offline_store.migrate import statements, steps
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store, memory_store
from tests.store.conftest import raw_connection
from tests.store.given import PATIENT, VISIT, event, new_note


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def modes_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in [folder, *folder.rglob("*")]}


async def filled(folder: Path, ring: KeyringInMemory, notes: int = 60) -> bytes:
    """A closed store with notes in it; the bytes of its file."""
    async with kept_store(folder, ring) as store:

        def fill(unit: UnitOfWork) -> None:
            for number in range(notes):
                unit.outbox.add(new_note(f"note {number} " + "long " * 200))
                unit.audit.add(event())

        await store.transaction(fill)
    return (folder / "store.db").read_bytes()


async def add(store: OfflineStore, note: NewChange) -> None:
    await store.transaction(lambda unit: unit.outbox.add(note))


async def texts(store: OfflineStore) -> set[str]:
    notes = await store.transaction(lambda unit: unit.records.notes(PATIENT))
    return {note.text for note in notes}


async def test_what_was_kept_is_there_again(folder: Path, ring: KeyringInMemory) -> None:
    async with kept_store(folder, ring) as store:
        assert store.is_kept and store.why_not_kept is None
        await add(store, new_note("still here"))
        device = await store.transaction(lambda unit: unit.kept.device_id())
    async with kept_store(folder, ring) as store:
        assert await texts(store) == {"still here"}
        assert await store.transaction(lambda unit: unit.kept.device_id()) == device


async def test_a_transaction_is_whole_or_not_at_all(either_store: OfflineStore) -> None:
    class Defect(Exception):
        pass

    def half(unit: UnitOfWork) -> None:
        unit.outbox.add(new_note("half"))
        unit.audit.add(event())
        unit.kept.keep_text("draft", "half")
        raise Defect

    with pytest.raises(Defect):
        await either_store.transaction(half)
    assert await texts(either_store) == set()
    assert await either_store.transaction(lambda unit: unit.audit.unacknowledged(9)) == []
    assert await either_store.transaction(lambda unit: unit.kept.text("draft")) is None
    await either_store.transaction(lambda unit: unit.outbox.add(new_note("whole")))
    assert await texts(either_store) == {"whole"}


async def test_settings_that_keep_what_was_acknowledged(
    store: OfflineStore, folder: Path, ring: KeyringInMemory
) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": "2",  # FULL
        "foreign_keys": "1",
        "trusted_schema": "0",
        "secure_delete": "1",
        "cipher_page_size": "4096",
    }
    connection = await raw_connection(folder, ring)
    found = {name: (connection.execute(f"PRAGMA {name}").fetchone() or ("",))[0] for name in wanted}
    options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    connection.close()
    assert {name: str(value) for name, value in found.items()} == wanted
    assert "TEMP_STORE=2" in options  # temporary tables never touch the disk


async def test_only_its_user_may_look_into_the_profile(folder: Path, ring: KeyringInMemory) -> None:
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    old = os.umask(0o077)
    try:
        async with kept_store(folder, ring) as store:
            await store.recordings.save(b"RIFF")
            modes = modes_in(folder)
    finally:
        os.umask(old)
    assert modes["profile"] == 0o700
    assert [name for name, mode in modes.items() if mode & 0o077] == []
    assert len(modes) >= 6


async def test_two_programs_never_open_one_profile(folder: Path, ring: KeyringInMemory) -> None:
    async with kept_store(folder, ring):
        for second in (kept_store(folder, ring), memory_store(folder)):
            with pytest.raises(Unavailable) as caught:
                async with second:
                    pass
            assert caught.value.code is Code.STORE_IN_USE
    async with kept_store(folder, ring):
        pass


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "fuse.rclone", "fuse"])
async def test_a_network_drive_is_refused(folder: Path, ring: KeyringInMemory, kind: str) -> None:
    opening = open_store(
        folder, KeyVault(folder, choose_backend=lambda: ring), file_system=lambda _: kind
    )
    with pytest.raises(Unavailable) as caught:
        async with opening:
            pass
    assert caught.value.code is Code.STORE_NETWORK_DRIVE
    assert names_in(folder) == []


async def test_without_a_keyring_nothing_touches_the_disk(folder: Path) -> None:
    async with memory_store(folder) as store:
        assert not store.is_kept
        assert store.why_not_kept is Code.KEYRING_MISSING and not store.has_unopened_store
        await add(store, new_note("only here"))
        name, key, _ = await store.recordings.save(b"RIFF" * 100)
        assert await store.recordings.load(name, key) == b"RIFF" * 100
        assert await texts(store) == {"only here"}
        assert names_in(folder) == ["lock"]
        assert (folder / "lock").read_bytes() == b""
    async with memory_store(folder) as store:
        assert await texts(store) == set()


async def test_a_store_whose_keyring_is_away_waits_untouched(
    folder: Path, ring: KeyringInMemory
) -> None:
    before = await filled(folder, ring)
    async with memory_store(folder) as store:
        assert store.has_unopened_store and not store.is_kept
        await add(store, new_note("elsewhere"))
    assert (folder / "store.db").read_bytes() == before
    async with kept_store(folder, ring) as store:
        assert len(await texts(store)) == 60


async def opening_fails(folder: Path, ring: KeyringInMemory) -> Failure:
    with pytest.raises(Failure) as caught:
        async with kept_store(folder, ring):
            pass
    return caught.value


async def test_a_wrong_key_leaves_the_file_as_it_is(folder: Path, ring: KeyringInMemory) -> None:
    before = await filled(folder, ring)
    kept = dict(ring.items)
    for wrong in ({}, dict.fromkeys(kept, "A" * 43 + "=")):
        ring.items = wrong
        failure = await opening_fails(folder, ring)
        assert isinstance(failure, Untrusted) and failure.code is Code.STORE_WRONG_KEY
        assert (folder / "store.db").read_bytes() == before
    ring.items = kept
    async with kept_store(folder, ring) as store:
        assert len(await texts(store)) == 60


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def damages() -> list[tuple[str, Callable[[bytes], bytes]]]:
    def page(data: bytes) -> int:
        return random.randrange(1, len(data) // 4096) * 4096

    def zeroed(data: bytes) -> bytes:
        at = page(data)
        return data[:at] + bytes(4096) + data[at + 4096 :]

    def swapped(data: bytes) -> bytes:
        one, two = 4096, len(data) - 4096
        return data[:one] + data[two:] + data[2 * 4096 : two] + data[one : 2 * 4096]

    return [
        *[("a bit", lambda data: flipped(data, random.randrange(len(data))))] * 24,
        ("a bit of the first page", lambda data: flipped(data, random.randrange(4096))),
        ("cut between pages", lambda data: data[: page(data)]),
        ("cut inside a page", lambda data: data[: page(data) + 1000]),
        ("a page of zeros", zeroed),
        ("pages swapped", swapped),
        ("empty", lambda data: b""),
        ("one byte", lambda data: b"S"),
        ("plain SQLite", lambda data: b"SQLite format 3\0" + data[16:]),
    ]


async def test_damage_is_always_seen_and_never_called_a_wrong_key(
    folder: Path, ring: KeyringInMemory, capfd: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(2**32)
    random.seed(seed)
    whole = await filled(folder, ring)
    keys = (folder / "keys.json").read_bytes()
    for what, damage in damages():
        damaged = damage(whole)
        (folder / "store.db").write_bytes(damaged)
        failure = await opening_fails(folder, ring)
        assert isinstance(failure, Untrusted), (what, seed)
        assert failure.code is Code.STORE_DAMAGED, (what, seed)
        assert (folder / "store.db").read_bytes() == damaged, (what, seed)
        assert (folder / "keys.json").read_bytes() == keys
    assert capfd.readouterr().err == ""  # the library would tell of failed pages there
    (folder / "store.db").write_bytes(whole)
    async with kept_store(folder, ring) as store:
        assert len(await texts(store)) == 60


async def test_a_store_that_vanished_beside_its_log_is_damage(
    folder: Path, ring: KeyringInMemory
) -> None:
    await filled(folder, ring, notes=1)
    (folder / "store.db").rename(folder / "store.db-wal")
    assert (await opening_fails(folder, ring)).code is Code.STORE_DAMAGED
    assert not (folder / "store.db").exists()


async def test_damage_in_a_large_file_is_seen_when_it_is_read(
    folder: Path, ring: KeyringInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await filled(folder, ring)
    monkeypatch.setattr(connection_module, "CHECKED_AT_OPENING_BYTES", 0)
    (folder / "store.db").write_bytes(flipped(whole, len(whole) - 5000))
    async with kept_store(folder, ring) as store:
        for _ in range(2):
            with pytest.raises(Untrusted) as caught:
                await store.transaction(lambda unit: (unit.outbox.all(), unit.audit.head()))
            assert caught.value.code is Code.STORE_DAMAGED
        with pytest.raises(Untrusted):
            await add(store, new_note())


async def test_a_later_releases_store_is_left_alone(folder: Path, ring: KeyringInMemory) -> None:
    await filled(folder, ring, notes=1)
    connection = await raw_connection(folder, ring)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (folder / "store.db").read_bytes()
    failure = await opening_fails(folder, ring)
    assert isinstance(failure, Unavailable) and failure.code is Code.STORE_TOO_NEW
    assert (folder / "store.db").read_bytes() == before


async def test_a_crash_while_the_store_is_made_leaves_nothing_half_done(
    folder: Path, ring: KeyringInMemory
) -> None:
    os.mkdir(folder, 0o700)
    await KeyVault(folder, choose_backend=lambda: ring).key(has_store=False)
    for name in ("unfinished.db", "unfinished.db-wal", ".partial-abc"):
        (folder / name).write_bytes(b"half")
    async with kept_store(folder, ring) as store:
        await add(store, new_note("first"))
    assert names_in(folder) == [
        "keys.copy.json",
        "keys.json",
        "lock",
        "outbox.journal",
        "recordings",
        "store.db",
    ]


async def test_a_full_store_says_so_and_goes_on_when_there_is_room(
    store: OfflineStore,
) -> None:
    """The limit is SQLite's own here; a full disk is tests/store/test_full_disk.py."""

    async def limit_pages(count: int) -> None:
        connection = store._connection
        await store._worker.run(lambda: connection.execute(f"PRAGMA max_page_count = {count}"))

    await add(store, new_note("before"))
    await limit_pages(1)  # SQLite takes it as: no page more than there are
    with pytest.raises(Unavailable) as caught:
        await add(store, new_note("long " * 3000))
    assert caught.value.code is Code.STORE_FULL
    assert await texts(store) == {"before"}
    await limit_pages(2**30)
    await add(store, new_note("after"))
    assert await texts(store) == {"before", "after"}


SECRET = "wheeze at the left base"


def found_in(folder: Path, words: bytes) -> list[str]:
    return [p.name for p in folder.rglob("*") if p.is_file() and words in p.read_bytes()]


async def test_no_file_of_the_profile_holds_a_readable_word(
    folder: Path, ring: KeyringInMemory
) -> None:
    sound = b"RIFF" + SECRET.encode() * 50_000
    async with kept_store(folder, ring) as store:
        await add(store, new_note(SECRET))
        await store.transaction(lambda unit: unit.kept.keep_text("draft", SECRET))
        await store.recordings.save(sound)
        assert {"store.db", "store.db-wal", "keys.json"} <= set(names_in(folder))
        for words in (SECRET.encode(), b"CREATE TABLE", b"SQLite format 3", str(PATIENT).encode()):
            assert found_in(folder, words) == []
    assert found_in(folder, SECRET.encode()) == []
    for item in ring.items.values():
        assert found_in(folder, item.encode()) == []


async def test_the_same_search_finds_what_is_not_encrypted(tmp_path: Path) -> None:
    """So that the test above can fail."""
    (tmp_path / "plain").write_bytes(b"..." + SECRET.encode())
    assert found_in(tmp_path, SECRET.encode()) == ["plain"]


async def test_the_witness_is_read_while_the_program_runs(
    folder: Path, ring: KeyringInMemory
) -> None:
    vault = KeyVault(folder, choose_backend=lambda: ring)
    seen = Witness(3, "ab" * 32)
    async with kept_store(folder, ring) as store:
        await store.transaction(lambda unit: unit.audit.keep_server_witness(seen))
        assert await read_witness(folder, vault) == seen
        await add(store, new_note("undisturbed"))
    assert await read_witness(folder, vault) == seen
    with pytest.raises(Unavailable):
        await read_witness(folder / "nowhere", vault)


async def test_a_store_of_the_release_before_gets_what_is_new_and_keeps_what_it_had(
    folder: Path, ring: KeyringInMemory
) -> None:
    """As it stood before calls left anything in it: the schema's number then, and its views."""
    await filled(folder, ring, notes=3)
    connection = await raw_connection(folder, ring)
    views = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
    for (view,) in views:
        connection.execute(f"DROP VIEW {view}")
    connection.execute("ALTER TABLE records DROP COLUMN standing")
    for statement in (one for step in steps()[:2] for one in statements(step.sql)):
        if "VIEW" in statement.split("(")[0]:
            connection.execute(statement)
    connection.execute("DROP TABLE measurements")
    connection.execute("DROP TABLE audit_base")
    connection.execute("DROP TABLE name_words")
    connection.execute("DROP TABLE file_purges")
    connection.execute("DROP TABLE sent")
    connection.execute("DROP TABLE departures")
    connection.execute("DROP INDEX outbox_of_kind")
    connection.execute("DROP INDEX heard_of_patient")
    connection.execute("DROP INDEX outbox_refused")
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    async with kept_store(folder, ring) as store:
        assert len(await texts(store)) == 3
        assert await store.transaction(lambda unit: unit.records.ladder_steps(VISIT)) == []
        assert await store.transaction(lambda unit: unit.records.call_reports(VISIT)) == []
        waiting = await store.transaction(lambda unit: unit.measurements.waiting(Place.ASIDE))
        assert waiting == []
        assert await store.transaction(lambda unit: unit.records.stills(PATIENT)) == []
        assert await store.transaction(lambda unit: unit.records.still_marks(PATIENT)) == []
        assert await store.transaction(lambda unit: unit.records.sound_labels(PATIENT)) == []
