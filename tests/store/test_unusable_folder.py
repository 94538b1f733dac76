"""A profile folder that cannot be used is told as such, and nothing in it is changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable
from offline_store.database import open_store
from offline_store.key_vault import KeyVault
from offline_store.store_file import STORE_NAME
from tests.fakes.keyring import KeyringInMemory


def a_file(folder: Path) -> Path:
    folder.write_text("somebody's")
    return folder


def below_a_file(folder: Path) -> Path:
    return a_file(folder) / "profile"


def a_circle(folder: Path) -> Path:
    folder.symlink_to(folder)
    return folder


def a_name_that_is_too_long(folder: Path) -> Path:
    return folder.with_name("long" * 100)


def where_nothing_can_be_made(folder: Path) -> Path:
    return Path("/proc/bedside-profile")


def a_folder_for_a_lock(folder: Path) -> Path:
    (folder / "lock").mkdir(parents=True)
    return folder


def a_folder_for_keys(folder: Path) -> Path:
    (folder / "keys.json").mkdir(parents=True)
    return folder


def a_folder_for_keys_beside_a_store(folder: Path) -> Path:
    (folder / "keys.json").mkdir(parents=True)
    (folder / STORE_NAME).write_bytes(b"a store")
    return folder


def names_in(folder: Path) -> list[str]:
    """The lock is no content."""
    return sorted(str(path) for path in folder.rglob("*") if path.name != "lock")


@pytest.mark.parametrize(
    "made",
    [
        *(a_file, below_a_file, a_circle, a_name_that_is_too_long, where_nothing_can_be_made),
        *(a_folder_for_a_lock, a_folder_for_keys, a_folder_for_keys_beside_a_store),
    ],
)
async def test_an_unusable_folder_is_told(made: Callable[[Path], Path], tmp_path: Path) -> None:
    folder = made(tmp_path / "profile")
    before = names_in(tmp_path)
    ring = KeyringInMemory()
    with pytest.raises(Unavailable) as refused:
        async with open_store(folder, KeyVault(folder, choose_backend=lambda: ring)):
            pass
    assert refused.value.code is Code.PROFILE_UNUSABLE
    assert names_in(tmp_path) == before


async def test_a_store_that_cannot_be_opened_is_not_in_use(tmp_path: Path) -> None:
    ring, folder = KeyringInMemory(), tmp_path / "profile"

    def vault() -> KeyVault:
        return KeyVault(folder, choose_backend=lambda: ring)

    async with open_store(folder, vault()):
        pass
    (folder / STORE_NAME).rename(folder / "aside")
    (folder / STORE_NAME).mkdir()
    with pytest.raises(Unavailable) as refused:
        async with open_store(folder, vault()):
            pass
    assert refused.value.code is Code.PROFILE_UNUSABLE
    assert (folder / "aside").stat().st_size > 0
