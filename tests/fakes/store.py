"""The store for tests of others: the real one, in memory, so that it keeps every promise."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from offline_store.database import OfflineStore, open_store
from offline_store.key_vault import KeyVault
from tests.fakes.keyring import KeyringInMemory, NoKeyring
from tests.fakes.tpm import NoTpm


def memory_store(folder: Path) -> AbstractAsyncContextManager[OfflineStore]:
    """Nothing is kept; only the lock lies in `folder`."""
    return open_store(folder, KeyVault(folder, choose_backend=NoKeyring, tpm=NoTpm(folder)))


def kept_store(
    folder: Path, ring: KeyringInMemory | None = None
) -> AbstractAsyncContextManager[OfflineStore]:
    """An encrypted file in `folder`; give the same ring to open it again."""
    backend = ring or KeyringInMemory()
    return open_store(folder, KeyVault(folder, choose_backend=lambda: backend))
