"""A profile whose key is at hand: its keyring is this process's memory."""

from pathlib import Path

from offline_store.key_vault import KeyVault
from tests.fakes.keyring import KeyringInMemory


class Profile:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ring = KeyringInMemory()

    def vault(self) -> KeyVault:
        return KeyVault(self.folder, choose_backend=lambda: self._ring)
