"""Keyrings without a desktop: one that keeps in memory, one in a file (for several processes).

They pose as the Secret Service, because the vault looks at the module of a back-end's type.
"""

import json
from pathlib import Path

SECRET_SERVICE = "keyring.backends.SecretService"


class KeyringInMemory:
    def __init__(self) -> None:
        self.items: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.items[service, username]


class KeyringInFile:
    """For tests whose processes share a profile; the file lies outside of that profile."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _items(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        items: dict[str, str] = json.loads(self._path.read_text())
        return items

    def get_password(self, service: str, username: str) -> str | None:
        return self._items().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps(self._items() | {f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        items = self._items()
        del items[f"{service}/{username}"]
        self._path.write_text(json.dumps(items))


KeyringInMemory.__module__ = SECRET_SERVICE
KeyringInFile.__module__ = SECRET_SERVICE


class NoKeyring:
    """What the library chooses on a machine that has none."""


NoKeyring.__module__ = "keyring.backends.fail"
