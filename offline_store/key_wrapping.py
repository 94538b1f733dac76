"""keys.json: the database key, wrapped, and what tells a wrong key from a damaged file.

The file holds nothing that opens the store. Further wrappings (a PIN, a TPM) are further rows of
its list. Does not know where a wrapping key comes from.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Base64Bytes, BaseModel, ConfigDict, ValidationError

from app.domain.failures import Code, Untrusted
from offline_store.profile_folder import disk_failures, write_durably

KEY_BYTES = 32
NONCE_BYTES = 12


class Wrapping(BaseModel):
    """`check` belongs to the wrapping key: a wrong one is known before anything is unwrapped."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["keyring"]
    nonce: Base64Bytes
    wrapped: Base64Bytes
    check: str


class Sealed(BaseModel):
    """A key under another key."""

    model_config = ConfigDict(frozen=True)
    nonce: Base64Bytes
    wrapped: Base64Bytes


class KeyFile(BaseModel):
    """`profile` names the keyring's item; `key_check` is the database key's HMAC over "kcv".

    `journal` is the journal's key under one that is derived of the database's; the first releases
    had none.
    """

    model_config = ConfigDict(frozen=True)
    version: Literal[1] = 1
    profile: UUID
    wrappings: list[Wrapping]
    key_check: str
    journal: Sealed | None = None


@dataclass(frozen=True, slots=True)
class KeyPath:
    """Where the wrapped key lies: beside the store, written whole or not at all."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "keys.json"

    def read(self) -> KeyFile | None:
        """None when there is none; Untrusted(STORE_DAMAGED) when it cannot be understood.

        Unavailable(PROFILE_UNUSABLE) when it cannot even be read.
        """
        with disk_failures():
            try:
                return KeyFile.model_validate_json(self.path.read_bytes())
            except FileNotFoundError:
                return None
            except ValidationError as error:
                raise Untrusted(Code.STORE_DAMAGED, "keys.json") from error

    def write(self, keys: KeyFile) -> None:
        with disk_failures():
            write_durably(self.path, keys.model_dump_json().encode())


def wrap(key: bytes, wrapping_key: bytes, profile: UUID) -> KeyFile:
    """The key file of a new key."""
    nonce = os.urandom(NONCE_BYTES)
    wrapped = AESGCM(wrapping_key).encrypt(nonce, key, _bound_to(profile))
    return KeyFile(
        profile=profile,
        wrappings=[
            Wrapping.model_construct(
                kind="keyring", nonce=nonce, wrapped=wrapped, check=check_value(wrapping_key)
            )
        ],
        key_check=check_value(key),
    )


def unwrap(keys: KeyFile, wrapping_key: bytes) -> bytes:
    """The database key; Untrusted(STORE_WRONG_KEY) or, where the file lies, STORE_DAMAGED."""
    for wrapping in keys.wrappings:
        if hmac.compare_digest(wrapping.check, check_value(wrapping_key)):
            return _unwrapped(wrapping, wrapping_key, keys)
    raise Untrusted(Code.STORE_WRONG_KEY, "keyring item")


def _unwrapped(wrapping: Wrapping, wrapping_key: bytes, keys: KeyFile) -> bytes:
    try:
        key = AESGCM(wrapping_key).decrypt(
            wrapping.nonce, wrapping.wrapped, _bound_to(keys.profile)
        )
    except (InvalidTag, ValueError) as error:
        raise Untrusted(Code.STORE_DAMAGED, "keys.json") from error
    if not hmac.compare_digest(keys.key_check, check_value(key)):
        raise Untrusted(Code.STORE_DAMAGED, "keys.json")
    return key


def with_journal_key(keys: KeyFile, key: bytes, journal_key: bytes) -> KeyFile:
    nonce = os.urandom(NONCE_BYTES)
    wrapped = AESGCM(_journal_wrapping(key)).encrypt(nonce, journal_key, _bound_to(keys.profile))
    sealed = Sealed.model_construct(nonce=nonce, wrapped=wrapped)
    return keys.model_copy(update={"journal": sealed})


def journal_key_of(keys: KeyFile, key: bytes) -> bytes | None:
    """None when there was no journal yet; Untrusted(STORE_DAMAGED) when its key is broken."""
    if keys.journal is None:
        return None
    try:
        return AESGCM(_journal_wrapping(key)).decrypt(
            keys.journal.nonce, keys.journal.wrapped, _bound_to(keys.profile)
        )
    except (InvalidTag, ValueError) as error:
        raise Untrusted(Code.STORE_DAMAGED, "keys.json") from error


def _journal_wrapping(key: bytes) -> bytes:
    return hmac.new(key, b"bedside journal wrapping", hashlib.sha256).digest()


def check_value(key: bytes) -> str:
    return hmac.new(key, b"kcv", hashlib.sha256).hexdigest()


def _bound_to(profile: UUID) -> bytes:
    return b"bedside keys v1|" + profile.bytes
