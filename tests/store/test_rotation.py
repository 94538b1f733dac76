"""A new key for the whole store: everything is there, the old key opens nothing, at any crash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.domain.failures import Code, Failure
from offline_store import rotation
from offline_store.connection import connect
from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import Custody, KeyVault
from offline_store.rotation import NEXT_NAME, ROTATED_NAME
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.given import PATIENT, a_patient, event, new_note, page
from tests.store.make_release_store import contents

PIN = "270496"
PROFILE = {"keys.json", "keys.copy.json", "lock", "outbox.journal", "recordings", "store.db"}


def vault(folder: Path, ring: KeyringInMemory) -> KeyVault:
    return KeyVault(folder, choose_backend=lambda: ring)


async def filled(folder: Path, ring: KeyringInMemory) -> dict[str, Any]:
    def fill(unit: UnitOfWork) -> None:
        unit.records.apply(page(a_patient(position=1)))
        for number in range(40):
            change = unit.outbox.add(new_note(f"note {number} " + "long " * 100))
            unit.audit.add(event(change.record))

    async with kept_store(folder, ring) as store:
        await store.transaction(fill)
        assert store.upkeep is not None
        await store.upkeep.make_snapshot()
        return await store.transaction(contents)


async def everything(store: OfflineStore) -> dict[str, Any]:
    return await store.transaction(contents)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.*")}


async def test_all_is_there_under_another_key_and_the_old_one_opens_nothing(
    folder: Path, ring: KeyringInMemory
) -> None:
    before = await filled(folder, ring)
    old_keys = (folder / "keys.json").read_bytes()
    old_key = await vault(folder, ring).key(has_store=True)
    async with open_store(folder, vault(folder, ring), renews_key=True) as store:
        assert await everything(store) == before
        await store.transaction(lambda unit: unit.outbox.add(new_note("under the new key")))
    new_key = await vault(folder, ring).key(has_store=True)
    assert new_key != old_key and (folder / "keys.json").read_bytes() != old_keys
    assert names_in(folder) == PROFILE
    with pytest.raises(Failure):
        connect(folder / "store.db", old_key)
    (folder / "keys.json").write_bytes(old_keys)  # whoever kept a copy of them has nothing now
    with pytest.raises(Failure):
        async with kept_store(folder, ring):
            pass


async def test_acts_that_only_the_journal_had_are_not_left_behind(
    folder: Path, ring: KeyringInMemory
) -> None:
    await filled(folder, ring)
    earlier = (folder / "store.db").read_bytes()
    async with kept_store(folder, ring) as store:
        await store.transaction(lambda unit: unit.outbox.add(new_note("in the journal alone")))
    (folder / "store.db").write_bytes(earlier)
    async with open_store(folder, vault(folder, ring), renews_key=True) as store:
        notes = await store.look(lambda unit: unit.records.notes(PATIENT))
        assert "in the journal alone" in {note.text for note in notes}


class Died(Exception):
    pass


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("step", ["copy_under", "is_sound", "sync_folder", "_finish"])
async def test_a_crash_at_any_step_loses_nothing(
    folder: Path, ring: KeyringInMemory, monkeypatch: pytest.MonkeyPatch, step: str, is_after: bool
) -> None:
    before = await filled(folder, ring)
    real: Callable[..., object] = getattr(rotation, step)
    removed = rotation._forget_attempt

    def dies(*given: object) -> object:
        if is_after:
            real(*given)
        raise Died

    monkeypatch.setattr(rotation, step, dies)
    monkeypatch.setattr(rotation, "_forget_attempt", lambda _: None)  # nobody tidies after a crash
    with pytest.raises(Died):
        async with open_store(folder, vault(folder, ring), renews_key=True):
            pass
    monkeypatch.undo()
    assert rotation._forget_attempt is removed
    async with kept_store(folder, ring) as store:
        assert await everything(store) == before
    assert not {NEXT_NAME, ROTATED_NAME} & names_in(folder)


async def test_a_pin_at_hand_goes_along_and_another_must_be_set_anew(
    folder: Path, ring: KeyringInMemory
) -> None:
    await filled(folder, ring)
    async with kept_store(folder, ring) as store:
        await store.set_pin(PIN)
    async with open_store(folder, vault(folder, ring), renews_key=True, pin=PIN):
        pass
    assert vault(folder, ring).has(Custody.PIN)
    async with open_store(folder, vault(folder, ring), renews_key=True):
        pass
    assert not vault(folder, ring).has(Custody.PIN)
    kinds = [one["kind"] for one in json.loads((folder / "keys.json").read_text())["wrappings"]]
    assert kinds == ["keyring"]


async def test_without_the_old_key_nothing_is_renewed(folder: Path, ring: KeyringInMemory) -> None:
    await filled(folder, ring)
    before = bytes_in(folder)
    ring.items.clear()
    with pytest.raises(Failure) as caught:
        async with open_store(folder, vault(folder, ring), renews_key=True):
            pass
    assert caught.value.code is Code.STORE_WRONG_KEY
    assert bytes_in(folder) == before
