"""What the device proves with its Ed25519 key (RFC 8032), and the server's certificate for it."""

import base64
import binascii
import json
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.contract.sign_in import (
    CertificateOut,
    DeviceIn,
    device_proof_bytes,
    refresh_proof_bytes,
)
from app.domain.failures import Code, Untrusted
from app.domain.server_words import DeviceCredentials


def device_in(device: DeviceCredentials, username: str) -> DeviceIn:
    """The device's identity with a proof that it holds the private half."""
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return DeviceIn(
        id=device.id,
        name=device.name,
        public_key=_text(key.public_key().public_bytes_raw()),
        proof=_text(key.sign(device_proof_bytes(device.id, username))),
    )


def refresh_proof(device: DeviceCredentials, refresh_token: str) -> str:
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return _text(key.sign(refresh_proof_bytes(device.id, refresh_token)))


def checked_certificate(certificate: CertificateOut, device: DeviceCredentials) -> str:
    """The certificate as text to keep; Untrusted when it does not speak of this key."""
    try:
        server_key = Ed25519PublicKey.from_public_bytes(_bytes(certificate.server_public_key))
        server_key.verify(_bytes(certificate.signature), certificate.document.encode())
        document = json.loads(certificate.document)
        own = Ed25519PrivateKey.from_private_bytes(device.private_key).public_key()
        fits = UUID(document["device"]) == device.id and document["public_key"] == _text(
            own.public_bytes_raw()
        )
    except (InvalidSignature, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "device certificate") from error
    if not fits:
        raise Untrusted(Code.SERVER_UNTRUSTED, "device certificate")
    return certificate.model_dump_json()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
