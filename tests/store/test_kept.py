"""The device's identity, texts by name and the running call."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.domain.call import RunningCall
from offline_store.database import OfflineStore
from offline_store.unit_of_work import UnitOfWork
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store
from tests.store.given import VISIT


def identity(unit: UnitOfWork) -> tuple[object, bytes]:
    return unit.kept.device_id(), unit.kept.device_private_key()


async def keep(store: OfflineStore, call: RunningCall | None) -> None:
    await store.transaction(lambda unit: unit.kept.keep_running_call(call))


async def test_a_profile_is_one_device_for_ever(
    folder: Path, tmp_path: Path, ring: KeyringInMemory
) -> None:
    found = []
    for place in (folder, folder, tmp_path / "another"):
        async with kept_store(place, ring) as store:
            found.append(await store.transaction(identity))
    assert found[0] == found[1]
    assert found[0][0] != found[2][0] and found[0][1] != found[2][1]
    assert Ed25519PrivateKey.from_private_bytes(found[0][1]).private_bytes_raw() == found[0][1]


async def test_texts_are_kept_and_forgotten(either_store: OfflineStore) -> None:
    def write(unit: UnitOfWork) -> list[str | None]:
        unit.kept.keep_text("draft.1", "first")
        unit.kept.keep_text("draft.1", "seçond\n")
        unit.kept.keep_text("draft.2", "")
        seen = [unit.kept.text(name) for name in ("draft.1", "draft.2", "draft.3")]
        unit.kept.keep_text("draft.1", None)
        return [*seen, unit.kept.text("draft.1")]

    assert await either_store.transaction(write) == ["seçond\n", "", None, None]


async def test_a_running_call_outlives_its_screen(folder: Path, ring: KeyringInMemory) -> None:
    older = RunningCall(VISIT, "/run/user/0/bedside/1", bytes(range(32)), 1)
    newer = RunningCall(VISIT, "/run/user/0/bedside/2", bytes(range(32, 64)), 2)
    async with kept_store(folder, ring) as store:
        assert await store.transaction(lambda unit: unit.kept.running_call()) is None
        for call in (older, newer):
            await keep(store, call)
    async with kept_store(folder, ring) as store:
        assert await store.transaction(lambda unit: unit.kept.running_call()) == newer
        await keep(store, None)
        assert await store.transaction(lambda unit: unit.kept.running_call()) is None
