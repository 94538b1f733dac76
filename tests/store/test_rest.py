"""Behind a locked screen the database is closed; what comes meanwhile is kept all the same."""

import asyncio
import os
from functools import partial
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import Custody, KeyVault
from offline_store.pin import PinCost
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory, NoKeyring
from tests.fakes.store import memory_store
from tests.fakes.tpm import NoTpm
from tests.store.given import PATIENT, event, new_note


def add(text: str, unit: UnitOfWork) -> None:
    change = unit.outbox.add(new_note(text))
    unit.audit.add(event(change.record))


async def texts(store: OfflineStore) -> list[str]:
    notes = await store.look(lambda unit: unit.records.notes(PATIENT))
    return sorted(note.text for note in notes)


def open_files(folder: Path) -> list[str]:
    """What of the profile this process holds open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
        if target.startswith(str(folder)):
            found.append(Path(target).name)
    return sorted(set(found))


async def test_a_store_that_rests_is_closed_and_keeps_what_comes(
    store: OfflineStore, folder: Path
) -> None:
    await store.transaction(partial(add, "before"))
    assert await texts(store) == ["before"]
    await store.rest()
    assert store.rests and open_files(folder) == ["lock"]
    assert not (folder / "store.db-wal").exists()
    await store.transaction(partial(add, "meanwhile"))
    assert open_files(folder) == ["lock"]
    assert await texts(store) == ["before", "meanwhile"]
    assert store.upkeep is not None
    with pytest.raises(Unavailable) as caught:
        await store.upkeep.check_step()
    assert caught.value.code is Code.STORE_RESTS
    store.stay_awake()
    await store.transaction(partial(add, "after"))
    assert "store.db" in open_files(folder)
    assert await texts(store) == ["after", "before", "meanwhile"]
    while not await store.upkeep.check_step():
        pass


async def test_many_at_once_are_kept_whole_while_it_falls_asleep_and_wakes(
    store: OfflineStore,
) -> None:
    async with asyncio.TaskGroup() as together:
        for number in range(30):
            together.create_task(store.transaction(partial(add, f"{number:02}")))
            together.create_task(texts(store))
            if number % 7 == 3:
                together.create_task(store.rest())
            if number % 7 == 6:
                store.stay_awake()
            if number % 5 == 0:
                await asyncio.sleep(0)
    store.stay_awake()
    assert await texts(store) == [f"{number:02}" for number in range(30)]


async def test_it_stays_asleep_when_the_keyring_is_locked_meanwhile(
    folder: Path, ring: KeyringInMemory
) -> None:
    away = [False]
    vault = KeyVault(
        folder, choose_backend=lambda: NoKeyring() if away[0] else ring, tpm=NoTpm(folder)
    )
    async with open_store(folder, vault) as store:
        await store.transaction(partial(add, "before"))
        await store.rest()
        away[0] = True
        with pytest.raises(Unavailable) as caught:
            await store.transaction(partial(add, "no key for this"))
        assert caught.value.code is Code.KEYRING_MISSING
        away[0] = False
        store.stay_awake()
        assert await texts(store) == ["before"]


async def test_with_a_pin_alone_it_stays_open(folder: Path) -> None:
    """Nobody could give the key again, and what a device sends would be lost."""
    vault = KeyVault(
        folder, choose_backend=NoKeyring, pin_cost=PinCost(64, 1, 1), tpm=NoTpm(folder)
    )
    async with open_store(folder, vault, pin="270496") as store:
        assert store.custody is Custody.PIN
        await store.rest()
        assert not store.rests
        await store.transaction(partial(add, "kept"))


async def test_in_memory_there_is_nothing_to_close(folder: Path) -> None:
    async with memory_store(folder) as store:
        await store.rest()
        await store.transaction(partial(add, "kept while the window is open"))
        assert len(await texts(store)) == 1
