"""What the device proves with its Ed25519 key (RFC 8032), and the server's certificate for it.

The server's key is trusted on first use: the certificate kept then says which one it is.
"""

import base64
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.contract.sign_in import (
    CertificateOut,
    DeviceIn,
    device_proof_bytes,
    refresh_proof_bytes,
)
from app.contract.standing import (
    StandingDocument,
    StandingOut,
    standing_bytes,
    standing_proof_bytes,
)
from app.domain.clock import plausible_instant
from app.domain.failures import Code, Untrusted
from app.domain.server_words import DeviceCredentials
from app.domain.standing import ToldStanding

# A server whose clock was mended after it enrolled a device is still the same server.
CLOCK_MENDED_BY = timedelta(days=1)


def device_in(device: DeviceCredentials, username: str) -> DeviceIn:
    """The device's identity with a proof that it holds the private half."""
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return DeviceIn(
        id=device.id,
        name=device.name,
        public_key=_public_key_of(device),
        proof=_text(key.sign(device_proof_bytes(device.id, username))),
    )


def refresh_proof(device: DeviceCredentials, refresh_token: str) -> str:
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return _text(key.sign(refresh_proof_bytes(device.id, refresh_token)))


def checked_certificate(
    certificate: CertificateOut, device: DeviceCredentials, server_time: datetime, known: str | None
) -> str:
    """The certificate as text to keep; Untrusted when it does not speak of this device and server.

    `known` is the text kept at the last sign-in: the server must still have the key of that one.
    """
    try:
        own = _signed_words(certificate)
        before = None if known is None else CertificateOut.model_validate_json(known)
        fits = (
            own.device == device.id
            and own.device_key == _public_key_of(device)
            and own.issued_at <= server_time + CLOCK_MENDED_BY
            and (before is None or _goes_on(_signed_words(before), own))
        )
    except (InvalidSignature, ValueError, LookupError, TypeError, RecursionError) as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "device certificate") from error
    if not fits:
        raise Untrusted(Code.SERVER_UNTRUSTED, "device certificate")
    return certificate.model_dump_json()


def standing_proof(device: DeviceCredentials) -> str:
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return _text(key.sign(standing_proof_bytes(device.id)))


def checked_standing(told: StandingOut, device: DeviceCredentials, known: str) -> ToldStanding:
    """Untrusted unless the server of the certificate kept here has signed it for this device."""
    try:
        words = _signed_words(CertificateOut.model_validate_json(known))
        server_key = Ed25519PublicKey.from_public_bytes(_bytes(words.server_key))
        server_key.verify(_bytes(told.signature), standing_bytes(told.document))
        standing = StandingDocument.model_validate_json(told.document).to_domain()
    except (InvalidSignature, ValueError, LookupError, TypeError, RecursionError) as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "standing") from error
    if standing.device != device.id:
        raise Untrusted(Code.SERVER_UNTRUSTED, "standing of another device")
    return ToldStanding(standing, told.model_dump_json())


@dataclass(frozen=True, slots=True)
class _Words:
    device: UUID
    device_key: str
    server_key: str
    issued_at: datetime


def _signed_words(certificate: CertificateOut) -> _Words:
    """What the document says, when the server that it names has signed it."""
    document = json.loads(certificate.document)
    if document["server"] != certificate.server_public_key:
        raise ValueError("the document names another server")
    server_key = Ed25519PublicKey.from_public_bytes(_bytes(document["server"]))
    server_key.verify(_bytes(certificate.signature), certificate.document.encode())
    issued_at = plausible_instant(datetime.fromisoformat(document["issued_at"]))
    return _Words(UUID(document["device"]), document["public_key"], document["server"], issued_at)


def _goes_on(before: _Words, now: _Words) -> bool:
    return now.server_key == before.server_key and now.issued_at >= before.issued_at


def _public_key_of(device: DeviceCredentials) -> str:
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return _text(key.public_key().public_bytes_raw())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
