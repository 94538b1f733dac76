"""When each reported call began, in SQL, so that a week's calls are found without reading all."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from server.held_writes import write
from server.tables import call_reports, records, time_text

ADD = insert(call_reports)


def add_report(connection: Connection, record: UUID, visit: UUID, began_at: datetime) -> None:
    row = {"record": str(record), "visit": str(visit), "began_at": time_text(began_at)}
    write(connection, ADD, [row])


def forget_report(connection: Connection, record: UUID) -> None:
    connection.execute(delete(call_reports).where(call_reports.c.record == str(record)))


def reports_between(
    connection: Connection,
    start: datetime | None,
    end: datetime | None,
    visit: UUID | None,
    limit: int,
    seen: ColumnElement[bool],
) -> list[UUID]:
    """Oldest first. `seen`: of the records' patient."""
    query = (
        select(call_reports.c.record)
        .join(records, records.c.id == call_reports.c.record)
        .where(seen)
        .order_by(call_reports.c.began_at, call_reports.c.record)
    )
    if start is not None:
        query = query.where(call_reports.c.began_at >= time_text(start))
    if end is not None:
        query = query.where(call_reports.c.began_at < time_text(end))
    if visit is not None:
        query = query.where(call_reports.c.visit == str(visit))
    return [UUID(row.record) for row in connection.execute(query.limit(limit))]
