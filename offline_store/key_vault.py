"""The ways to the database key of a profile: its one keyring item, a TPM, a PIN.

Only back-ends that keep a secret are asked (allow-list by module). The call runs on a thread of its
own with a limit: a locked keyring may wait for a person for ever. Never writes a key in the clear.
"""

import asyncio
import base64
import binascii
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

import keyring
from keyring.errors import KeyringError, KeyringLocked

from app.domain.failures import Code, Rejected, Unavailable, Untrusted
from offline_store.key_wrapping import (
    KEY_BYTES,
    KeyFile,
    KeyPath,
    PinFields,
    TpmFields,
    Wrapping,
    fits,
    journal_key_of,
    new_key_file,
    unwrap,
    with_journal_key,
    with_wrapping,
    without,
    wrapping_for,
    wrapping_of,
)
from offline_store.pin import TRIES, PinCost, key_of_pin, new_salt, refuse_short
from offline_store.tpm import Sealed, Tpm

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

log = logging.getLogger(__name__)

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
    def delete_password(self, service: str, username: str) -> None: ...


def allowed_backends(chosen: Any) -> list[Backend]:
    """Of what the library chose, those that keep a secret; a chain is looked at link by link."""
    module = type(chosen).__module__
    if module == CHAINER_MODULE:
        return [backend for link in chosen.backends for backend in allowed_backends(link)]
    return [chosen] if module in ALLOWED_MODULES else []


class Custody(StrEnum):
    """What guards the store's key on this machine; a person is told which."""

    KEYRING = "keyring"
    TPM = "tpm"
    PIN = "pin"


class KeyVault:
    """Gives the database key of one profile folder, or says why it cannot.

    The machine's own ways are tried before the PIN: keyring, then TPM. `custody` is what opened it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        choose_backend: Callable[[], Any] = keyring.get_keyring,
        limit_s: float = KEYRING_LIMIT_S,
        tpm: Tpm | None = None,
        pin_cost: PinCost | None = None,
    ) -> None:
        self._keys = KeyPath(folder)
        self._choose_backend = choose_backend
        self._limit_s = limit_s
        self._tpm = tpm or Tpm(folder)
        self._pin_cost = pin_cost or PinCost()
        self.custody: Custody | None = None

    async def key(self, *, has_store: bool, pin: str | None = None) -> bytes:
        """The key of the store; a new one, with its wrapping, when there is no store yet.

        Unavailable(KEYRING_MISSING or KEYRING_LOCKED) without a keyring or anything in its place,
        PIN_NEEDED where only a PIN is left; Rejected(PIN_WRONG, PIN_USED_UP). Untrusted
        (STORE_WRONG_KEY) when a store is here but not its item, or another one; Untrusted
        (STORE_DAMAGED) when keys.json itself is broken.
        """
        if not has_store:
            return await self._new_key(pin)
        try:
            key = await self._key_in(self._read(), pin)
        except Untrusted as damage:
            if not self._keys.copy_differs():
                raise
            return await self._key_in_copy(damage, pin)
        self._keys.keep_copy()
        return key

    async def _key_in_copy(self, damage: Untrusted, pin: str | None) -> bytes:
        """keys.json is broken or gone; its copy takes its place when it opens."""
        try:
            keys = self._keys.copy.read()
        except Untrusted:
            keys = None
        if keys is None:
            raise damage
        key = await self._key_in(keys, pin)
        self._keys.write(keys)
        log.warning("keys.json was broken and is mended from its copy")
        return key

    async def _key_in(self, keys: KeyFile, pin: str | None) -> bytes:
        try:
            return await self._key_of_machine(keys)
        except (Unavailable, Untrusted) as closed:
            wrapping = wrapping_for(keys, Custody.PIN)
            if wrapping is None or closed.code is Code.STORE_DAMAGED:
                raise
        return await self._key_of_pin(keys, wrapping, pin)

    def _read(self) -> KeyFile:
        keys = self._keys.read()
        if keys is None:
            raise Untrusted(Code.STORE_WRONG_KEY, "keys.json is gone")
        return keys

    async def _key_of_machine(self, keys: KeyFile) -> bytes:
        """By the keyring's item; where that fails, by the TPM."""
        by_tpm = wrapping_for(keys, Custody.TPM)
        by_keyring = wrapping_for(keys, Custody.KEYRING)
        if by_keyring is None and by_tpm is None:
            raise Untrusted(Code.STORE_WRONG_KEY, "no way of this machine's own")
        try:
            if by_keyring is not None:
                return await self._key_of_item(keys, by_keyring)
        except (Unavailable, Untrusted):
            if by_tpm is None:
                raise
        assert by_tpm is not None
        return await self._key_of_tpm(keys, by_tpm)

    async def _key_of_item(self, keys: KeyFile, wrapping: Wrapping) -> bytes:
        wrapping_key = await self._on_thread(lambda: self._read_item(keys.profile))
        if wrapping_key is None:
            raise Untrusted(Code.STORE_WRONG_KEY, "the keyring item is gone")
        key = unwrap(keys, wrapping, wrapping_key)
        self.custody = Custody.KEYRING
        return key

    async def _key_of_tpm(self, keys: KeyFile, wrapping: Wrapping) -> bytes:
        if wrapping.tpm is None:
            raise Untrusted(Code.STORE_DAMAGED, "keys.json")
        sealed = Sealed(wrapping.tpm.public, wrapping.tpm.private)
        if not self._tpm.is_there():
            raise Unavailable(Code.TPM_MISSING)
        wrapping_key = await asyncio.to_thread(self._tpm.unseal, sealed)
        key = unwrap(keys, wrapping, wrapping_key)
        self.custody = Custody.TPM
        return key

    async def _key_of_pin(self, keys: KeyFile, wrapping: Wrapping, pin: str | None) -> bytes:
        """A try is counted on the disk before it is made: pulling the plug gives none back."""
        fields = wrapping.pin
        if fields is None:
            raise Untrusted(Code.STORE_DAMAGED, "keys.json")
        if fields.tries_left <= 0:
            raise Rejected(Code.PIN_USED_UP)
        if pin is None:
            raise Unavailable(Code.PIN_NEEDED)
        self._count_tries(keys, wrapping, fields.tries_left - 1)
        cost = PinCost(fields.memory_kib, fields.passes, fields.lanes)
        wrapping_key = await asyncio.to_thread(key_of_pin, pin, fields.salt, cost)
        if not fits(wrapping, wrapping_key):
            raise Rejected(Code.PIN_WRONG if fields.tries_left > 1 else Code.PIN_USED_UP)
        key = unwrap(keys, wrapping, wrapping_key)
        self._count_tries(keys, wrapping, TRIES)
        self.custody = Custody.PIN
        return key

    def _count_tries(self, keys: KeyFile, wrapping: Wrapping, left: int) -> None:
        assert wrapping.pin is not None
        pin = wrapping.pin.model_copy(update={"tries_left": left})
        self._keys.write(with_wrapping(keys, wrapping.model_copy(update={"pin": pin})))

    async def _new_key(self, pin: str | None) -> bytes:
        """First the item, read back; then keys.json; the caller then makes the store.

        Keys that guard nothing, left by a crash in between, are written anew under the same name.
        """
        key = os.urandom(KEY_BYTES)
        keys = new_key_file(key, self._profile_of_no_store())
        keys = with_journal_key(keys, key, os.urandom(KEY_BYTES))
        self._keys.write(with_wrapping(keys, await self._first_wrapping(keys, key, pin)))
        return key

    async def next_keys(self, pin: str | None) -> tuple[KeyFile, bytes]:
        """Another key for a store that has one, under another keyring item: both may be known.

        A PIN that is not at hand now has to be set anew: what it opens is the key before.
        """
        key = os.urandom(KEY_BYTES)
        keys = with_journal_key(new_key_file(key, uuid4()), key, os.urandom(KEY_BYTES))
        keys = with_wrapping(keys, await self._first_wrapping(keys, key, pin))
        if pin is not None:
            keys = with_wrapping(keys, await self._by_pin(keys, key, pin))
        return keys, key

    async def _first_wrapping(self, keys: KeyFile, key: bytes, pin: str | None) -> Wrapping:
        """In the order in which we trust them: keyring, TPM, PIN. Never none of them."""
        try:
            wrapping = await self._by_keyring(keys, key)
            self.custody = Custody.KEYRING
        except Unavailable as away:
            if self._tpm.is_there():
                wrapping = await self._by_tpm(keys, key)
                self.custody = Custody.TPM
            elif pin is not None:
                wrapping = await self._by_pin(keys, key, pin)
                self.custody = Custody.PIN
            else:
                raise away from None
        return wrapping

    async def _by_keyring(self, keys: KeyFile, key: bytes) -> Wrapping:
        wrapping_key = os.urandom(KEY_BYTES)
        kept = await self._on_thread(lambda: self._write_item(keys.profile, wrapping_key))
        if kept != wrapping_key:
            raise Unavailable(Code.KEYRING_MISSING, "the keyring did not keep its item")
        return wrapping_of(keys, Custody.KEYRING, key, wrapping_key)

    async def _by_tpm(self, keys: KeyFile, key: bytes) -> Wrapping:
        wrapping_key = os.urandom(KEY_BYTES)
        sealed = await asyncio.to_thread(self._tpm.seal, wrapping_key)
        fields = TpmFields.model_construct(public=sealed.public, private=sealed.private)
        return wrapping_of(keys, Custody.TPM, key, wrapping_key, tpm=fields)

    async def _by_pin(self, keys: KeyFile, key: bytes, pin: str) -> Wrapping:
        refuse_short(pin)
        cost, salt = self._pin_cost, new_salt()
        wrapping_key = await asyncio.to_thread(key_of_pin, pin, salt, cost)
        fields = PinFields.model_construct(
            salt=salt,
            memory_kib=cost.memory_kib,
            passes=cost.passes,
            lanes=cost.lanes,
            tries_left=TRIES,
        )
        return wrapping_of(keys, Custody.PIN, key, wrapping_key, pin=fields)

    async def set_pin(self, key: bytes, pin: str | None) -> None:
        """A second way to the same key, or none any more; the store is not touched.

        Rejected(PIN_TOO_SHORT); Rejected(NOT_ALLOWED) when the PIN is the only way there is.
        """
        keys = self._read()
        if pin is None:
            left = without(keys, Custody.PIN)
            if not left.wrappings:
                raise Rejected(Code.NOT_ALLOWED, "the only way to the key")
            self._keys.write(left)
            return
        self._keys.write(with_wrapping(keys, await self._by_pin(keys, key, pin)))

    async def seal_to_tpm(self, key: bytes) -> None:
        """For carts: the machine opens the store where no keyring is unlocked."""
        keys = self._read()
        self._keys.write(with_wrapping(keys, await self._by_tpm(keys, key)))

    async def destroy(self) -> None:
        """No way to the key is left. The files stay: without it they are noise."""
        keys = self._keys.read()
        if keys is None:
            return
        self._keys.write(keys.model_copy(update={"wrappings": [], "journal": None}))
        with suppress(Unavailable):  # what the item wrapped is gone already
            await self._on_thread(lambda: self._delete_item(keys.profile))

    def _delete_item(self, profile: UUID) -> None:
        for backend in self._backends():
            if backend.get_password(SERVICE, str(profile)) is not None:
                backend.delete_password(SERVICE, str(profile))

    def has(self, custody: Custody) -> bool:
        keys = self._keys.read()
        return keys is not None and wrapping_for(keys, custody) is not None

    def journal_key(self, key: bytes) -> bytes:
        """The journal's own key; a profile of a release that had no journal is given one."""
        keys = self._read()
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
