"""Appends to the server's audit chain, always inside the transaction of the act it tells of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select

from app.domain.audit import CHAIN_START, Act, AuditEvent, Witness, leaf_of, next_digest
from app.domain.failures import Code
from app.domain.ids import DeviceId, EventId, PatientId, PersonId, VisitId, new_id
from server.database import remembered
from server.held_writes import flush, write
from server.tables import audit_log, time_text

HEAD = "audit head"
NEWEST = select(audit_log.c.number, audit_log.c.digest).order_by(audit_log.c.number.desc()).limit(1)
ADD = insert(audit_log)
THESE = select(audit_log.c.event_id).where(
    audit_log.c.event_id.in_(bindparam("events", expanding=True))
)


def event_of(
    act: Act,
    at: datetime,
    *,
    actor: PersonId | None = None,
    device: DeviceId | None = None,
    patient: PatientId | None = None,
    visit: VisitId | None = None,
    subject: UUID | None = None,
    code: Code | None = None,
) -> AuditEvent:
    """An event of the server's own, with a fresh id."""
    return AuditEvent(EventId(new_id()), act, at, actor, device, patient, visit, subject, code)


def head(connection: Connection) -> Witness:
    known = remembered(connection)
    if HEAD not in known:
        row = connection.execute(NEWEST).first()
        known[HEAD] = Witness(0, CHAIN_START) if row is None else Witness(row.number, row.digest)
    reached: Witness = known[HEAD]
    return reached


def append(connection: Connection, *events: AuditEvent) -> Witness:
    """The chain's head after these events."""
    return append_all(connection, events)


def append_all(connection: Connection, events: Iterable[AuditEvent]) -> Witness:
    return _append(
        connection,
        (
            _Told(
                event.canonical(),
                event.id,
                time_text(event.corrected_at),
                None if event.patient is None else str(event.patient),
            )
            for event in events
        ),
    )


def append_of_each(
    connection: Connection, event: AuditEvent, patients: Iterable[str | None]
) -> Witness:
    """The same act, of each of these patients: an event for each, with an id of its own."""
    ids = [(new_id(), patient) for patient in patients]
    at, told = time_text(event.corrected_at), event.canonical_of_each(ids)
    return _append(
        connection,
        (_Told(data, own, at, patient) for data, (own, patient) in zip(told, ids, strict=True)),
    )


class _Told(NamedTuple):
    """An event's bytes, and what stands beside them to be searched by."""

    data: bytes
    id: UUID
    at: str
    patient: str | None


def _append(connection: Connection, told: Iterable[_Told]) -> Witness:
    reached = head(connection)
    rows = []
    for one in told:
        reached = Witness(reached.count + 1, next_digest(reached.digest, leaf_of(one.data)))
        rows.append(
            {
                "number": reached.count,
                "event": one.data,
                "digest": reached.digest,
                "event_id": str(one.id),
                "at": one.at,
                "patient": one.patient,
            }
        )
    if rows:
        write(connection, ADD, rows)
        remembered(connection)[HEAD] = reached
    return reached


def known_of(connection: Connection, events: Sequence[EventId]) -> set[EventId]:
    """Those of them that are in it already."""
    flush(connection)
    rows = connection.execute(THESE, {"events": [str(event) for event in events]})
    return {EventId(UUID(row.event_id)) for row in rows}
