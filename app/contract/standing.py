"""A device's standing: a lease, or the word that it is revoked, signed by the server's key."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.contract.wire import Base64Text, Body, Instant
from app.domain.ids import DeviceId
from app.domain.standing import REVOCATIONS_MOST, Lease, Revocation, Standing


class StandingIn(Body):
    """POST /v1/standing, without a token: `proof` is the device's over `standing_proof_bytes`."""

    device: UUID
    proof: Base64Text


def standing_proof_bytes(device: UUID) -> bytes:
    return f"bedside standing ask v1\n{device}".encode()


class StandingOut(Body):
    """`document`: a StandingDocument in JSON; `signature` is over `standing_bytes` of it."""

    document: Annotated[str, Field(max_length=4096)]
    signature: Base64Text


Revocations = Annotated[list[StandingOut], Field(max_length=REVOCATIONS_MOST)]


class StandingAnswer(StandingOut):
    """`revocations`: of other devices whose leases may not have ended: desks of a site, which meet
    without the server, must not believe them any more, and tell each other.
    """

    revocations: Revocations = []


def standing_bytes(document: str) -> bytes:
    """Signed with its purpose in front, so that no certificate can pose as a lease."""
    return b"bedside standing v1\n" + document.encode()


class StandingDocument(Body):
    """`expires_at` of a lease alone, `wipes` of a revocation alone."""

    kind: Literal["lease", "revoked"]
    device: UUID
    issued_at: Instant
    expires_at: Instant | None = None
    wipes: bool = False

    @classmethod
    def from_domain(cls, standing: Standing) -> "StandingDocument":
        if isinstance(standing, Lease):
            return cls(
                kind="lease",
                device=standing.device,
                issued_at=standing.issued_at,
                expires_at=standing.expires_at,
            )
        return cls(
            kind="revoked",
            device=standing.device,
            issued_at=standing.issued_at,
            wipes=standing.wipes,
        )

    def to_domain(self) -> Standing:
        """ValueError for a lease without an end."""
        device = DeviceId(self.device)
        if self.kind == "revoked":
            return Revocation(device, self.issued_at, self.wipes)
        if self.expires_at is None:
            raise ValueError("a lease without an end")
        return Lease(device, self.issued_at, self.expires_at)
