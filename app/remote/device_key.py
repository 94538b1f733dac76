"""What the device proves with its Ed25519 key (RFC 8032), and the server's certificate for it.

The server's key is trusted on first use: the certificate kept then says which one it is.
"""

import base64
import json
from collections.abc import Iterable
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
    StandingAnswer,
    StandingDocument,
    StandingOut,
    standing_bytes,
    standing_proof_bytes,
)
from app.domain.clock import plausible_instant
from app.domain.failures import Code, Untrusted
from app.domain.server_words import DeviceCredentials
from app.domain.standing import Revocation, SignedRevocation, Standing, ToldStanding

# A server whose clock was mended after it enrolled a device is still the same server.
CLOCK_MENDED_BY = timedelta(days=1)
# What reading words of somebody else may raise, whatever they wrote.
UNSOUND = (
    *(InvalidSignature, ValueError, LookupError, TypeError),
    *(AttributeError, OverflowError, RecursionError),
)


def device_in(device: DeviceCredentials, username: str) -> DeviceIn:
    """The device's identity with a proof that it holds the private half."""
    return DeviceIn(
        id=device.id,
        name=device.name,
        public_key=public_key_of(device),
        proof=sign(device, device_proof_bytes(device.id, username)),
    )


def refresh_proof(device: DeviceCredentials, refresh_token: str) -> str:
    return sign(device, refresh_proof_bytes(device.id, refresh_token))


def checked_certificate(
    certificate: CertificateOut, device: DeviceCredentials, server_time: datetime, known: str | None
) -> str:
    """The certificate as text to keep; Untrusted when it does not speak of this device and server.

    `known` is the text kept at the last sign-in: the server must still have the key of that one.
    """
    try:
        own = certificate_words(certificate)
        before = None if known is None else CertificateOut.model_validate_json(known)
        fits = (
            own.device == device.id
            and own.device_key == public_key_of(device)
            and own.issued_at <= server_time + CLOCK_MENDED_BY
            and (before is None or _goes_on(certificate_words(before), own))
        )
    except UNSOUND as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "device certificate") from error
    if not fits:
        raise Untrusted(Code.SERVER_UNTRUSTED, "device certificate")
    return certificate.model_dump_json()


def standing_proof(device: DeviceCredentials) -> str:
    return sign(device, standing_proof_bytes(device.id))


def checked_standing(told: StandingAnswer, device: DeviceCredentials, known: str) -> ToldStanding:
    """Untrusted unless the server of the certificate kept here has signed it for this device."""
    try:
        words = certificate_words(CertificateOut.model_validate_json(known))
        standing = standing_words(told, words.server_key)
    except UNSOUND as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "standing") from error
    if standing.device != device.id:
        raise Untrusted(Code.SERVER_UNTRUSTED, "standing of another device")
    signed = StandingOut(document=told.document, signature=told.signature).model_dump_json()
    return ToldStanding(standing, signed, revocations_in(told.revocations, words.server_key))


@dataclass(frozen=True, slots=True)
class CertificateWords:
    device: UUID
    device_key: str
    server_key: str
    issued_at: datetime


def certificate_words(certificate: CertificateOut) -> CertificateWords:
    """What the document says, when the server that it names has signed it; else one of UNSOUND."""
    document = json.loads(certificate.document)
    if document["server"] != certificate.server_public_key:
        raise ValueError("the document names another server")
    verify(document["server"], certificate.document.encode(), certificate.signature)
    issued_at = plausible_instant(datetime.fromisoformat(document["issued_at"]))
    device = UUID(document["device"])
    return CertificateWords(device, document["public_key"], document["server"], issued_at)


def standing_words(told: StandingOut, server_key: str) -> Standing:
    """What the server of this key has signed; else one of UNSOUND."""
    verify(server_key, standing_bytes(told.document), told.signature)
    return StandingDocument.model_validate_json(told.document).to_domain()


def revocations_in(told: Iterable[StandingOut], server_key: str) -> tuple[SignedRevocation, ...]:
    """Those that the server of this key has signed; whoever else said so, said nothing."""
    found = []
    for one in told:
        try:
            standing = standing_words(one, server_key)
        except UNSOUND:
            continue
        if isinstance(standing, Revocation):
            found.append(SignedRevocation(standing, one.model_dump_json()))
    return tuple(found)


def verify(public_key: str, signed: bytes, signature: str) -> None:
    """One of UNSOUND when the owner of this raw Ed25519 key did not sign it; texts in base64."""
    key = Ed25519PublicKey.from_public_bytes(_bytes(public_key))
    key.verify(_bytes(signature), signed)


def sign(device: DeviceCredentials, words: bytes) -> str:
    return _text(Ed25519PrivateKey.from_private_bytes(device.private_key).sign(words))


def _goes_on(before: CertificateWords, now: CertificateWords) -> bool:
    return now.server_key == before.server_key and now.issued_at >= before.issued_at


def public_key_of(device: DeviceCredentials) -> str:
    key = Ed25519PrivateKey.from_private_bytes(device.private_key)
    return _text(key.public_key().public_bytes_raw())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
