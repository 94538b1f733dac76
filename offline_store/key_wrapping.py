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
KEYS_NAME, COPY_NAME = "keys.json", "keys.copy.json"
NONCE_BYTES = 12


class PinFields(BaseModel):
    """How the wrapping key is made of the PIN, and how often a wrong one may still be tried."""

    model_config = ConfigDict(frozen=True)
    salt: Base64Bytes
    memory_kib: int
    passes: int
    lanes: int
    tries_left: int


class TpmFields(BaseModel):
    """What the TPM made of the wrapping key."""

    model_config = ConfigDict(frozen=True)
    public: Base64Bytes
    private: Base64Bytes


class Wrapping(BaseModel):
    """`check` belongs to the wrapping key: a wrong one is known before anything is unwrapped.

    Kinds: keyring, tpm, pin; one that is none of these is a later release's and kept.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    kind: str
    nonce: Base64Bytes
    wrapped: Base64Bytes
    check: str
    pin: PinFields | None = None
    tpm: TpmFields | None = None


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
    """Where the wrapped key lies: beside the store, written whole or not at all, and once more.

    Without it nothing opens any more, so one bit of one small file must not be all there is.
    """

    folder: Path
    name: str = KEYS_NAME

    @property
    def path(self) -> Path:
        return self.folder / self.name

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
            self.keep_copy()

    @property
    def copy(self) -> "KeyPath":
        return KeyPath(self.folder, COPY_NAME)

    def keep_copy(self) -> None:
        """The copy says what the file says; what the file opened was good."""
        with disk_failures():
            data, copy = self.path.read_bytes(), self.copy.path
            if self.name == KEYS_NAME and (not copy.exists() or copy.read_bytes() != data):
                write_durably(copy, data)

    def copy_differs(self) -> bool:
        with disk_failures():
            if not self.copy.path.exists():
                return False
            return not self.path.exists() or self.path.read_bytes() != self.copy.path.read_bytes()

    def forget_copy(self) -> None:
        self.copy.path.unlink(missing_ok=True)


def new_key_file(key: bytes, profile: UUID) -> KeyFile:
    """Of a new key, without any wrapping yet."""
    return KeyFile(profile=profile, wrappings=[], key_check=check_value(key))


def wrapping_of(
    keys: KeyFile,
    kind: str,
    key: bytes,
    wrapping_key: bytes,
    *,
    pin: PinFields | None = None,
    tpm: TpmFields | None = None,
) -> Wrapping:
    """`key` under `wrapping_key`, bound to this profile."""
    nonce = os.urandom(NONCE_BYTES)
    return Wrapping.model_construct(
        kind=kind,
        nonce=nonce,
        wrapped=AESGCM(wrapping_key).encrypt(nonce, key, _bound_to(keys.profile)),
        check=check_value(wrapping_key),
        pin=pin,
        tpm=tpm,
    )


def with_wrapping(keys: KeyFile, wrapping: Wrapping) -> KeyFile:
    """It takes the place of the one of its kind."""
    others = [held for held in keys.wrappings if held.kind != wrapping.kind]
    return keys.model_copy(update={"wrappings": [*others, wrapping]})


def without(keys: KeyFile, kind: str) -> KeyFile:
    others = [held for held in keys.wrappings if held.kind != kind]
    return keys.model_copy(update={"wrappings": others})


def wrapping_for(keys: KeyFile, kind: str) -> Wrapping | None:
    return next((held for held in keys.wrappings if held.kind == kind), None)


def unwrap(keys: KeyFile, wrapping: Wrapping, wrapping_key: bytes) -> bytes:
    """The database key; Untrusted(STORE_WRONG_KEY) or, where the file lies, STORE_DAMAGED."""
    if not fits(wrapping, wrapping_key):
        raise Untrusted(Code.STORE_WRONG_KEY, f"{wrapping.kind} key")
    try:
        key = AESGCM(wrapping_key).decrypt(
            wrapping.nonce, wrapping.wrapped, _bound_to(keys.profile)
        )
    except (InvalidTag, ValueError) as error:
        raise Untrusted(Code.STORE_DAMAGED, "keys.json") from error
    if not hmac.compare_digest(keys.key_check, check_value(key)):
        raise Untrusted(Code.STORE_DAMAGED, "keys.json")
    return key


def fits(wrapping: Wrapping, wrapping_key: bytes) -> bool:
    return hmac.compare_digest(wrapping.check, check_value(wrapping_key))


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
