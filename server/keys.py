"""The server's own key: 32 random bytes in a file of mode 0600, from which all its keys are made.

It signs certificates and tokens, derives refresh tokens and wraps the keys of recordings. Without
this file the wrapped keys are lost: a database that knows another is not opened with a new one.
"""

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection

from app.domain.failures import Code, Untrusted
from server.facts import fact, keep_fact

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "server.key"
PUBLIC_KEY_FACT = "server-public-key"
REMEMBERED_MOST = 4096  # signatures: of each session's token and of where each device stands


class ServerKeys:
    def __init__(self, seed: bytes) -> None:
        self._signing = Ed25519PrivateKey.from_private_bytes(_derived(seed, "signing"))
        self._verifying = self._signing.public_key()
        # Of what was signed, which is asked about again with every request. An Ed25519 signature of
        # the same is the same (RFC 8032, 5.1.6), and takes as long as the request's database look.
        self._signed: dict[bytes, bytes] = {}
        self._refresh = _derived(seed, "refresh tokens")
        self._wrapping = AESGCM(_derived(seed, "file keys"))
        self.public_key = base64_text(self._verifying.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, data: bytes) -> bytes:
        known = self._signed.get(data)
        if known is None:
            known = self._signing.sign(data)
            self._remember(data, known)
        return known

    def has_signed(self, data: bytes, signature: bytes) -> bool:
        known = self._signed.get(data)
        if known is not None and hmac.compare_digest(known, signature):
            return True
        is_ours = _verifies(self._verifying, data, signature)
        if is_ours:
            self._remember(data, signature)
        return is_ours

    def _remember(self, data: bytes, signature: bytes) -> None:
        if len(self._signed) >= REMEMBERED_MOST:
            self._signed.clear()
        self._signed[data] = signature

    def next_refresh_token(self, token: str) -> str:
        """The one successor of a refresh token, so that asking twice gives the same answer."""
        digest = hmac.new(self._refresh, token.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def wrap(self, secret: str, context: str) -> str:
        """Encrypt for our own database; `context` ties the result to the place it stands in."""
        nonce = os.urandom(NONCE_BYTES)
        return base64_text(nonce + self._wrapping.encrypt(nonce, secret.encode(), context.encode()))

    def unwrap(self, wrapped: str, context: str) -> str:
        data = base64.b64decode(wrapped)
        nonce, sealed = data[:NONCE_BYTES], data[NONCE_BYTES:]
        try:
            return self._wrapping.decrypt(nonce, sealed, context.encode()).decode()
        except InvalidTag as error:
            raise Untrusted(Code.SERVER_ERROR, "a wrapped key does not open") from error


def open_keys(folder: Path, connection: Connection) -> ServerKeys:
    """This database's key; made at the first start, Untrusted when it is not the one it knows."""
    path = folder / KEY_FILE
    known = fact(connection, PUBLIC_KEY_FACT)
    if known is None and not path.exists():
        _make_key_file(path)
    try:
        seed = path.read_bytes()
    except FileNotFoundError as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, f"{path} is missing") from error
    if len(seed) != KEY_BYTES:
        raise Untrusted(Code.SERVER_UNTRUSTED, f"{path} is damaged")
    keys = ServerKeys(seed)
    if known is None:
        keep_fact(connection, PUBLIC_KEY_FACT, keys.public_key)
    elif known != keys.public_key:
        raise Untrusted(Code.SERVER_UNTRUSTED, f"{path} is not the key of this database")
    return keys


def is_signed_by(public_key: str, data: bytes, signature: str) -> bool:
    """Whether `signature` over `data` was made with this raw Ed25519 key; both in base64."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        return _verifies(key, data, base64.b64decode(signature, validate=True))
    except ValueError:  # not base64, or not 32 bytes
        return False


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _verifies(key: Ed25519PublicKey, data: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _derived(seed: bytes, purpose: str) -> bytes:
    info = f"bedside server v1 {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(seed)


def _make_key_file(path: Path) -> None:
    """Whole or not at all: written beside, synced, then named."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
