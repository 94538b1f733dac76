"""The audit, read and proved: leaves by which clients check the chain, rows for who may read."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from app.contract.audit import AuditEventBody, AuditRowOut, AuditRowsOut, ChainOut, WitnessBody
from app.domain.access import Action
from app.domain.audit import (
    EMPTY_CHAIN,
    Act,
    AuditEvent,
    ChainFault,
    ChainRow,
    Witness,
    leaf_of,
    verify_chain,
)
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId
from server.audit.store import (
    all_rows,
    events_after,
    index_differs_at,
    missing_guards,
    rows_about,
    rows_of_act,
)
from server.audit_trail import append, event_of, head
from server.auth import Caller
from server.database import Database
from server.scopes import must_see, scopes_of, visible
from server.tables import audit_log

ROWS_MAX = 5000


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over the whole chain found."""

    reached: Witness
    fault: ChainFault | None
    missing_guards: list[str]

    @property
    def is_sound(self) -> bool:
        return self.fault is None and not self.missing_guards


@dataclass(frozen=True, slots=True)
class ErasureTold:
    """A record whose file was erased, and the devices that have destroyed what they had of it."""

    record: UUID
    at: datetime
    devices: tuple[UUID, ...]


class Audit:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def chain(self, since: int, limit: int) -> ChainOut:
        """Leaves of the events themselves, never digests that were written down beside them."""

        def read(connection: Connection) -> ChainOut:
            rows = events_after(connection, since, limit + 1)
            page, has_more = rows[:limit], len(rows) > limit
            reached = Witness(page[-1][0], page[-1][2]) if page else head(connection)
            return ChainOut(
                since=since,
                leaves=[leaf_of(event) for _, event, _ in page],
                head=WitnessBody.from_domain(reached),
                has_more=has_more,
            )

        return await self._database.read(read)

    async def events(
        self, who: Caller, patient: UUID | None, start: datetime | None, end: datetime | None
    ) -> AuditRowsOut:
        """Who reads the audit stands in it; of patients whom they do not see they read nothing."""
        who.must_be_allowed(Action.READ_AUDIT)
        now = self._clock.now()

        def read(connection: Connection) -> list[ChainRow]:
            must_see(connection, who.person, patient)
            seen = visible(audit_log.c.patient, scopes_of(connection, who.person))
            rows = rows_about(connection, patient, start, end, ROWS_MAX + 1, seen)
            if len(rows) > ROWS_MAX:
                raise Rejected(Code.TOO_LARGE, "ask for a shorter time")
            event = event_of(
                Act.AUDIT_READ,
                now,
                actor=who.person,
                device=who.device,
                patient=None if patient is None else PatientId(patient),
            )
            append(connection, event)
            return rows

        rows = await self._database.write(read)
        return AuditRowsOut(
            rows=[
                AuditRowOut(
                    number=row.number,
                    digest=row.digest,
                    event=AuditEventBody.model_validate(json.loads(row.event_bytes)),
                )
                for row in rows
            ]
        )


def told_erasures(connection: Connection) -> list[ErasureTold]:
    """What the server erased on order, oldest first, with the devices that did the same."""
    purged: dict[UUID, set[UUID]] = {}
    for row in rows_of_act(connection, Act.FILE_PURGED):
        event = _event_of(row)
        if event.subject is not None and event.device is not None:
            purged.setdefault(event.subject, set()).add(event.device)
    erased = [_event_of(row) for row in rows_of_act(connection, Act.FILE_ERASED)]
    return [
        ErasureTold(event.subject, event.at, tuple(sorted(purged.get(event.subject, set()))))
        for event in erased
        if event.subject is not None
    ]


def _event_of(row: ChainRow) -> AuditEvent:
    return AuditEventBody.model_validate(json.loads(row.event_bytes)).to_domain()


def verify(connection: Connection, witnesses: Iterable[Witness]) -> Verified:
    """The whole chain against itself, its index, its guards and what clients hold."""
    reached, fault = verify_chain(all_rows(connection), witnesses)
    if fault is None and reached != EMPTY_CHAIN:
        number = index_differs_at(connection)
        if number is not None:
            fault = ChainFault(number, "the index does not say what the event says")
    return Verified(reached, fault, missing_guards(connection))
