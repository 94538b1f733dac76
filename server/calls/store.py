"""When each reported call began, in SQL, so that a week's calls are found without reading all."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select

from server.tables import call_reports, time_text


def add_report(connection: Connection, record: UUID, visit: UUID, began_at: datetime) -> None:
    connection.execute(
        insert(call_reports).values(
            record=str(record), visit=str(visit), began_at=time_text(began_at)
        )
    )


def reports_between(
    connection: Connection,
    start: datetime | None,
    end: datetime | None,
    visit: UUID | None,
    limit: int,
) -> list[UUID]:
    """Oldest first."""
    query = select(call_reports.c.record).order_by(call_reports.c.began_at, call_reports.c.record)
    if start is not None:
        query = query.where(call_reports.c.began_at >= time_text(start))
    if end is not None:
        query = query.where(call_reports.c.began_at < time_text(end))
    if visit is not None:
        query = query.where(call_reports.c.visit == str(visit))
    return [UUID(row.record) for row in connection.execute(query.limit(limit))]
