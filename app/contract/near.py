"""Words between two desks of one site, while the server is away (WebSocket text frames of JSON).

Each says hello, then proves that it holds the key of the device it named; all else comes after.
The way is TLS with a certificate that nobody knows: the proof binds it (RFC 5929).
"""

import base64
import hashlib
import unicodedata
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, TypeAdapter

from app.contract.sign_in import CertificateOut
from app.contract.signalling import Live, Signal
from app.contract.standing import Revocations, StandingOut
from app.contract.wire import Base64Text, Body, ShortText
from app.domain.access import Role

NEAR_VERSION = 1
NONCE_BYTES = 32


def _nonce(text: str) -> str:
    if len(base64.b64decode(text, validate=True)) != NONCE_BYTES:
        raise ValueError("a nonce of another size")
    return text


def _name(text: str) -> str:
    if not text.strip() or any(unicodedata.category(each) == "Cc" for each in text):
        raise ValueError("a name that cannot be shown")
    return text


class NearSide(StrEnum):
    """Who began the connection, and who was reached."""

    DIALLER = "dialler"
    LISTENER = "listener"


class NearHello(Body):
    """The first word of both. `version`: the newest that this desk speaks; both use the older.

    `revocations`: of other devices, as far as this desk knows them; each proves itself.
    """

    kind: Literal["hello"] = "hello"
    version: Annotated[int, Field(ge=1, le=2**31)] = NEAR_VERSION
    nonce: Annotated[Base64Text, AfterValidator(_nonce)]
    certificate: CertificateOut
    lease: StandingOut
    revocations: Revocations = []


class NearProof(Body):
    """The second word: the device's signature over `near_proof_bytes`, the listener's first."""

    kind: Literal["proof"] = "proof"
    signature: Base64Text


class NearPresence(Body):
    """Who works here now; `visit` is the one whose call this person has joined."""

    kind: Literal["presence"] = "presence"
    person: UUID
    name: Annotated[ShortText, AfterValidator(_name)]
    role: Role
    visit: UUID | None = None


def near_proof_bytes(
    signer: NearSide,
    *,
    devices: dict[NearSide, UUID],
    nonces: dict[NearSide, bytes],
    tls_certificate: bytes,
) -> bytes:
    """What a desk signs (Ed25519). `tls_certificate` of the listener, DER, as the signer saw it.

    Fresh nonces end replay, the signer's side ends reflection, the certificate ends a relay.
    """
    lines = [
        "bedside near v1",
        signer,
        *(str(devices[side]) for side in NearSide),
        *(nonces[side].hex() for side in NearSide),
        hashlib.sha256(tls_certificate).hexdigest(),
    ]
    return "\n".join(lines).encode()


NearWord = Annotated[
    NearHello | NearProof | NearPresence | Signal | Live, Field(discriminator="kind")
]
NEAR_WORD: TypeAdapter[NearHello | NearProof | NearPresence | Signal | Live] = TypeAdapter(NearWord)
