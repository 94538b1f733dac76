"""The one keyring item of a profile, and the database key that it unwraps.

Only back-ends that keep a secret are asked (allow-list by module). The call runs on a thread of its
own with a limit: a locked keyring may wait for a person for ever. Never writes a key in the clear.
"""

import asyncio
import base64
import binascii
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import keyring
from keyring.errors import KeyringError, KeyringLocked

from app.domain.failures import Code, Unavailable, Untrusted
from offline_store.key_wrapping import (
    KEY_BYTES,
    KeyPath,
    journal_key_of,
    unwrap,
    with_journal_key,
    wrap,
)

if sys.platform == "linux":
    from jeepney.wrappers import DBusErrorResponse
    from secretstorage.exceptions import (
        LockedException,
        PromptDismissedException,
        SecretStorageException,
    )

# A keyring that does not answer in time waits for its prompt: the same to us as a locked one.
LOCKED: tuple[type[Exception], ...] = (TimeoutError, KeyringLocked)
# The library raises its own errors and those of loading a back-end, back-ends those of sockets.
AWAY: tuple[type[Exception], ...] = (
    KeyringError,
    ImportError,
    OSError,
    EOFError,
    RuntimeError,
)
if sys.platform == "linux":
    LOCKED += (LockedException, PromptDismissedException)
    AWAY += (SecretStorageException, DBusErrorResponse)

SERVICE = "bedside"
KEYRING_LIMIT_S = 10.0
ALLOWED_MODULES = frozenset(
    f"keyring.backends.{name}" for name in ("SecretService", "Windows", "macOS", "kwallet")
)
CHAINER_MODULE = "keyring.backends.chainer"

ResultT = TypeVar("ResultT")


class Backend(Protocol):
    """What we use of a back-end of the keyring library."""

    def get_password(self, service: str, username: str) -> str | None: ...
    def set_password(self, service: str, username: str, password: str) -> None: ...


def allowed_backends(chosen: Any) -> list[Backend]:
    """Of what the library chose, those that keep a secret; a chain is looked at link by link."""
    module = type(chosen).__module__
    if module == CHAINER_MODULE:
        return [backend for link in chosen.backends for backend in allowed_backends(link)]
    return [chosen] if module in ALLOWED_MODULES else []


class KeyVault:
    """Gives the database key of one profile folder, or says why it cannot."""

    def __init__(
        self,
        folder: Path,
        *,
        choose_backend: Callable[[], Any] = keyring.get_keyring,
        limit_s: float = KEYRING_LIMIT_S,
    ) -> None:
        self._keys = KeyPath(folder)
        self._choose_backend = choose_backend
        self._limit_s = limit_s

    async def key(self, *, has_store: bool) -> bytes:
        """The key of the store; a new one, with its wrapping, when there is no store yet.

        Unavailable(KEYRING_MISSING or KEYRING_LOCKED) without a keyring; Untrusted(STORE_WRONG_KEY)
        when a store is here but not its item, or another one; Untrusted(STORE_DAMAGED) when
        keys.json itself is broken.
        """
        if not has_store:
            return await self._new_key()
        keys = self._keys.read()
        if keys is None:
            raise Untrusted(Code.STORE_WRONG_KEY, "keys.json is gone")
        profile = keys.profile
        wrapping_key = await self._on_thread(lambda: self._read_item(profile))
        if wrapping_key is None:
            raise Untrusted(Code.STORE_WRONG_KEY, "the keyring item is gone")
        return unwrap(keys, wrapping_key)

    async def _new_key(self) -> bytes:
        """First the item, read back; then keys.json; the caller then makes the store.

        Keys that guard nothing, left by a crash in between, are written anew under the same name.
        """
        profile, wrapping_key = self._profile_of_no_store(), os.urandom(KEY_BYTES)
        kept = await self._on_thread(lambda: self._write_item(profile, wrapping_key))
        if kept != wrapping_key:
            raise Unavailable(Code.KEYRING_MISSING, "the keyring did not keep its item")
        key = os.urandom(KEY_BYTES)
        keys = with_journal_key(wrap(key, wrapping_key, profile), key, os.urandom(KEY_BYTES))
        self._keys.write(keys)
        return key

    def journal_key(self, key: bytes) -> bytes:
        """The journal's own key; a profile of a release that had no journal is given one."""
        keys = self._keys.read()
        if keys is None:
            raise Untrusted(Code.STORE_WRONG_KEY, "keys.json is gone")
        held = journal_key_of(keys, key)
        if held is not None:
            return held
        made = os.urandom(KEY_BYTES)
        self._keys.write(with_journal_key(keys, key, made))
        return made

    def _profile_of_no_store(self) -> UUID:
        try:
            keys = self._keys.read()
        except Untrusted:
            keys = None
        return uuid4() if keys is None else keys.profile

    def _backends(self) -> list[Backend]:
        backends = allowed_backends(self._choose_backend())
        if not backends:
            raise Unavailable(Code.KEYRING_MISSING, "no back-end that keeps a secret")
        return backends

    def _read_item(self, profile: UUID) -> bytes | None:
        for backend in self._backends():
            text = backend.get_password(SERVICE, str(profile))
            if text is not None:
                return _key_of(text)
        return None

    def _write_item(self, profile: UUID, wrapping_key: bytes) -> bytes | None:
        text = base64.b64encode(wrapping_key).decode()
        self._backends()[0].set_password(SERVICE, str(profile), text)
        return self._read_item(profile)

    async def _on_thread(self, call: Callable[[], ResultT]) -> ResultT:
        """Run a keyring call beside the loop; a late one is left behind, it holds nothing up."""
        done: Future[ResultT] = Future()

        def run() -> None:
            if not done.set_running_or_notify_cancel():
                return
            try:
                done.set_result(call())
            except BaseException as error:
                done.set_exception(error)

        # A daemon, because a keyring that waits for its prompt must not keep the program alive.
        threading.Thread(target=run, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(self._limit_s):
                return await asyncio.wrap_future(done)
        except LOCKED as error:
            raise Unavailable(Code.KEYRING_LOCKED) from error
        except AWAY as error:
            raise Unavailable(Code.KEYRING_MISSING) from error


def _key_of(text: str) -> bytes:
    """What is no key of ours opens nothing: the same as a wrong one."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Untrusted(Code.STORE_WRONG_KEY, "keyring item") from error
