"""Reading the server's audit chain in SQL."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, func, select

from app.contract.audit import AuditEventBody
from app.domain.audit import Act, ChainRow
from server.tables import audit_log, time_text

READ_AT_ONCE = 1000
CHAIN = select(audit_log.c.number, audit_log.c.event, audit_log.c.digest)


def rows_after(connection: Connection, number: int, limit: int) -> list[ChainRow]:
    return [ChainRow(*row) for row in events_after(connection, number, limit)]


def events_after(
    connection: Connection, number: int, limit: int
) -> Sequence[tuple[int, bytes, str]]:
    """Number, event and digest of each."""
    query = CHAIN.where(audit_log.c.number > number).order_by(audit_log.c.number)
    rows = connection.execute(query.limit(limit)).all()
    return cast(Sequence[tuple[int, bytes, str]], rows)  # each is one


def all_rows(connection: Connection) -> Iterator[ChainRow]:
    number = 0
    while rows := rows_after(connection, number, READ_AT_ONCE):
        yield from rows
        number = rows[-1].number


def rows_about(
    connection: Connection,
    patient: UUID | None,
    start: datetime | None,
    end: datetime | None,
    limit: int,
    seen: ColumnElement[bool],
) -> list[ChainRow]:
    query = CHAIN.where(seen).order_by(audit_log.c.number)
    if patient is not None:
        query = query.where(audit_log.c.patient == str(patient))
    if start is not None:
        query = query.where(audit_log.c.at >= time_text(start))
    if end is not None:
        query = query.where(audit_log.c.at < time_text(end))
    return [ChainRow(*row) for row in connection.execute(query.limit(limit))]


def rows_of_act(connection: Connection, act: Act) -> list[ChainRow]:
    """All of them, by reading through: for what whoever runs the server does by hand."""
    told = func.instr(audit_log.c.event, f'"act":"{act}"'.encode()) > 0
    query = CHAIN.where(told).order_by(audit_log.c.number)
    return [ChainRow(*row) for row in connection.execute(query)]


def index_differs_at(connection: Connection) -> int | None:
    """The first row whose search columns do not say what its event says."""
    for row in connection.execute(select(audit_log).order_by(audit_log.c.number)):
        if _index_of(row.event) != (row.event_id, row.patient, row.at):
            return int(row.number)
    return None


def missing_guards(connection: Connection) -> list[str]:
    """The triggers that should keep the table from being changed and are not there."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    present = {row.name for row in connection.exec_driver_sql(query)}
    return sorted({"audit_log_no_update", "audit_log_no_delete"} - present)


def _index_of(event: bytes) -> tuple[str, str | None, str] | None:
    """What should stand beside these bytes; None when they are no event."""
    try:
        told = AuditEventBody.model_validate_json(event).to_domain()
    except ValidationError:
        return None
    patient = None if told.patient is None else str(told.patient)
    return str(told.id), patient, time_text(told.corrected_at)
