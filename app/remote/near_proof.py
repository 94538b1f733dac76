"""Two desks prove to each other, without the server, that the same server enrolled both.

Pure: no socket and no clock. It does not say who works at the far desk, only which desk it is.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.contract.near import NearHello, NearProof, NearSide, near_proof_bytes
from app.contract.sign_in import CertificateOut
from app.contract.standing import StandingOut
from app.domain.failures import Code, Untrusted
from app.domain.ids import DeviceId
from app.domain.server_words import DeviceCredentials
from app.domain.standing import CLOCK_MENDED_BY as LEASE_LASTS_ON
from app.domain.standing import (
    REVOCATION_COUNTS_FOR,
    REVOCATIONS_MOST,
    Lease,
    SignedRevocation,
    newest_of,
)
from app.remote.device_key import (
    CLOCK_MENDED_BY,
    UNSOUND,
    certificate_words,
    public_key_of,
    revocations_in,
    sign,
    standing_words,
    verify,
)

SITE_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class NearIdentity:
    """`certificate`, `lease` and `revocations` of others as the store keeps them: JSON of
    CertificateOut, StandingOut and each StandingOut.
    """

    device: DeviceCredentials = field(repr=False)
    certificate: str = field(repr=False)
    lease: str = field(repr=False)
    revocations: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class OwnDesk:
    """An identity that was looked at: what others will be shown, and held to."""

    device: DeviceCredentials = field(repr=False)
    certificate: CertificateOut
    lease: StandingOut
    server_key: str
    lease_issued_at: datetime
    revocations: tuple[SignedRevocation, ...] = ()

    def knowing(self, told: Iterable[SignedRevocation]) -> "OwnDesk":
        """With these, too; what is too old to count goes."""
        since = self.lease_issued_at - REVOCATION_COUNTS_FOR
        known = newest_of((*self.revocations, *told), since, REVOCATIONS_MOST)
        return replace(self, revocations=known)

    @property
    def site(self) -> str:
        """The same for all desks of one server; tells nothing else of it."""
        key = base64.b64decode(self.server_key)
        return hashlib.sha256(b"bedside near site v1\n" + key).hexdigest()[:SITE_CHARACTERS]


@dataclass(frozen=True, slots=True)
class FarDesk:
    """What a hello claims; true once its proof holds. `until`: its lease, and a little more.

    `revocations`: of other devices, each signed by the server, whoever tells them.
    """

    device: DeviceId
    public_key: str
    nonce: bytes
    until: datetime
    lease: Lease
    revocations: tuple[SignedRevocation, ...] = ()


@dataclass(frozen=True, slots=True)
class Meeting:
    """One connection between two desks: what both sides' proofs are about."""

    own_side: NearSide
    own_device: DeviceId
    own_nonce: bytes
    far: FarDesk
    tls_certificate: bytes

    @property
    def far_side(self) -> NearSide:
        is_dialler = self.own_side is NearSide.DIALLER
        return NearSide.LISTENER if is_dialler else NearSide.DIALLER

    def proof_bytes(self, signer: NearSide) -> bytes:
        return near_proof_bytes(
            signer,
            devices={self.own_side: self.own_device, self.far_side: self.far.device},
            nonces={self.own_side: self.own_nonce, self.far_side: self.far.nonce},
            tls_certificate=self.tls_certificate,
        )


def own_desk(identity: NearIdentity) -> OwnDesk:
    """Untrusted when others could not believe it: SERVER_UNTRUSTED, DEVICE_REVOKED."""
    try:
        certificate = CertificateOut.model_validate_json(identity.certificate)
        lease = StandingOut.model_validate_json(identity.lease)
        words = certificate_words(certificate)
        standing = standing_words(lease, words.server_key)
        device = identity.device
        is_ours = words.device == standing.device == device.id
        is_ours = is_ours and words.device_key == public_key_of(device)
    except UNSOUND as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "own certificate or lease") from error
    if not is_ours:
        raise Untrusted(Code.SERVER_UNTRUSTED, "own certificate or lease of another device")
    if not isinstance(standing, Lease):
        raise Untrusted(Code.DEVICE_REVOKED)
    own = OwnDesk(device, certificate, lease, words.server_key, standing.issued_at)
    return own.knowing(revocations_in(_read(identity.revocations), words.server_key))


def _read(signed: Iterable[str]) -> list[StandingOut]:
    try:
        return [StandingOut.model_validate_json(one) for one in signed]
    except ValueError as error:
        raise Untrusted(Code.SERVER_UNTRUSTED, "kept revocations") from error


def make_hello(own: OwnDesk, nonce: bytes) -> NearHello:
    return NearHello(
        nonce=base64.b64encode(nonce).decode(),
        certificate=own.certificate,
        lease=own.lease,
        revocations=_read(one.signed for one in own.revocations),
    )


def checked_hello(hello: NearHello, own: OwnDesk, now: datetime) -> FarDesk:
    """Untrusted unless our own server enrolled this other device, and it holds a lease."""
    if hello.certificate.server_public_key != own.server_key:
        raise Untrusted(Code.PEER_UNTRUSTED, "a desk of another server")
    try:
        words = certificate_words(hello.certificate)
        standing = standing_words(hello.lease, own.server_key)
        nonce = base64.b64decode(hello.nonce, validate=True)
    except UNSOUND as error:
        raise Untrusted(Code.PEER_UNTRUSTED, "certificate or lease of a desk") from error
    if standing.device != words.device:
        raise Untrusted(Code.PEER_UNTRUSTED, "a lease of another device")
    if words.device == own.device.id:
        raise Untrusted(Code.PEER_UNTRUSTED, "a desk that says it is ours")
    if not isinstance(standing, Lease):
        raise Untrusted(Code.PEER_UNTRUSTED, "a desk that was withdrawn")
    latest = max(now, own.lease_issued_at)  # a clock behind it is wrong: the server has signed it
    until = standing.expires_at + LEASE_LASTS_ON
    if latest >= until:
        raise Untrusted(Code.PEER_UNTRUSTED, "a lease that has ended")
    if max(words.issued_at, standing.issued_at) > latest + CLOCK_MENDED_BY:
        raise Untrusted(Code.PEER_UNTRUSTED, "a lease or certificate of the future")
    told = revocations_in(hello.revocations, own.server_key)
    if any(one.counts_against(standing) for one in (*own.revocations, *told)):
        raise Untrusted(Code.PEER_UNTRUSTED, "a desk that was withdrawn")
    return FarDesk(DeviceId(words.device), words.device_key, nonce, until, standing, told)


def make_proof(own: OwnDesk, meeting: Meeting) -> NearProof:
    return NearProof(signature=sign(own.device, meeting.proof_bytes(meeting.own_side)))


def check_proof(proof: NearProof, meeting: Meeting) -> None:
    """Untrusted unless the far device signed it, for this connection and for its own side."""
    try:
        verify(meeting.far.public_key, meeting.proof_bytes(meeting.far_side), proof.signature)
    except UNSOUND as error:
        raise Untrusted(Code.PEER_UNTRUSTED, "a proof that does not hold") from error
