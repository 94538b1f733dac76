"""A profile folder, a keyring, and stores on them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from offline_store.connection import Connection, connect
from offline_store.database import OfflineStore
from offline_store.key_vault import KeyVault
from tests.fakes.keyring import KeyringInMemory
from tests.fakes.store import kept_store, memory_store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "profile"


@pytest.fixture
def ring() -> KeyringInMemory:
    return KeyringInMemory()


@pytest.fixture
async def store(folder: Path, ring: KeyringInMemory) -> AsyncIterator[OfflineStore]:
    async with kept_store(folder, ring) as opened:
        yield opened


@pytest.fixture(params=["on disk", "in memory"])
async def either_store(
    request: pytest.FixtureRequest, folder: Path, ring: KeyringInMemory
) -> AsyncIterator[OfflineStore]:
    """The same promises hold with and without a file."""
    opening = kept_store(folder, ring) if request.param == "on disk" else memory_store(folder)
    async with opening as opened:
        yield opened


async def raw_connection(folder: Path, ring: KeyringInMemory) -> Connection:
    """A second connection with the right key, past everything that the store guards."""
    key = await KeyVault(folder, choose_backend=lambda: ring).key(has_store=True)
    return connect(folder / "store.db", key)
