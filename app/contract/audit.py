"""Audit events on the wire, and the chain's leaves by which a client checks that it only grew."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.contract.wire import Body, Count, Instant, Sha256Hex
from app.domain.audit import Act, AuditEvent, Witness
from app.domain.failures import Code
from app.domain.ids import DeviceId, EventId, PatientId, PersonId, VisitId

OFFSET_MOST_MS = 2**45  # beyond what lies between the earliest and the latest time we know
Offset = Annotated[int, Field(ge=-OFFSET_MOST_MS, le=OFFSET_MOST_MS)]
Uncertainty = Annotated[int, Field(ge=0, le=OFFSET_MOST_MS)]


class AuditEventBody(Body):
    """`at` is raw; `offset_ms` what the server was known to be ahead by."""

    id: UUID
    act: Act
    at: Instant
    actor: UUID | None = None
    device: UUID | None = None
    patient: UUID | None = None
    visit: UUID | None = None
    subject: UUID | None = None
    code: Code | None = None
    offset_ms: Offset | None = None
    uncertainty_ms: Uncertainty | None = None

    @classmethod
    def from_domain(cls, event: AuditEvent) -> "AuditEventBody":
        return cls.model_validate(event, from_attributes=True)

    def to_domain(self) -> AuditEvent:
        return AuditEvent(
            id=EventId(self.id),
            act=self.act,
            at=self.at,
            actor=None if self.actor is None else PersonId(self.actor),
            device=None if self.device is None else DeviceId(self.device),
            patient=None if self.patient is None else PatientId(self.patient),
            visit=None if self.visit is None else VisitId(self.visit),
            subject=self.subject,
            code=self.code,
            offset_ms=self.offset_ms,
            uncertainty_ms=self.uncertainty_ms,
        )


class WitnessBody(Body):
    count: Count
    digest: Sha256Hex

    @classmethod
    def from_domain(cls, witness: Witness) -> "WitnessBody":
        return cls(count=witness.count, digest=witness.digest)

    def to_domain(self) -> Witness:
        return Witness(self.count, self.digest)


class ChainOut(Body):
    """GET /v1/audit/chain?since=N&limit=M: leaves of the events N+1.. and the head they lead to.

    `head` is the digest after the last leaf given here, not after the last event there is.
    """

    since: Count
    leaves: Annotated[list[Sha256Hex], Field(max_length=5000)]
    head: WitnessBody
    has_more: bool

    @model_validator(mode="after")
    def _leads_on(self) -> Self:
        """A part that says there is more and brings nothing would be asked for in a circle."""
        if self.has_more and not self.leaves:
            raise ValueError("a part that leads nowhere")
        return self


class DeviceEventBody(Body):
    """One event of a device's own chain, sent with its place and digest: a gap is evidence."""

    number: Annotated[int, Field(ge=1)]
    digest: Sha256Hex
    event: AuditEventBody


class AuditRowOut(Body):
    """One row of `GET /v1/audit/events?patient=&from=&to=`."""

    number: int
    digest: Sha256Hex
    event: AuditEventBody


class AuditRowsOut(Body):
    rows: list[AuditRowOut]
