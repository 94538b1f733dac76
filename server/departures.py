"""What went out of the feed, told in it: a patient who left a scope, a record that was removed.

Each takes a position of the feed, by which every device hears of it in its turn.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, insert, select

from app.domain.changes import GoneReason
from server.database import feed_head, feed_head_is
from server.tables import departures


@dataclass(frozen=True, slots=True)
class Departure:
    """`record` None: the whole patient. `scope`: whom it concerns; None: all who see the patient.

    `position` is 0 until it is kept.
    """

    patient: UUID
    reason: GoneReason
    record: UUID | None = None
    scope: UUID | None = None
    position: int = 0


def keep_departure(connection: Connection, departure: Departure) -> Departure:
    """At the feed's new head. Only ever on the writer's connection."""
    kept = replace(departure, position=feed_head(connection) + 1)
    values = {
        "position": kept.position,
        "patient": str(kept.patient),
        "record": None if kept.record is None else str(kept.record),
        "scope": None if kept.scope is None else str(kept.scope),
        "reason": str(kept.reason),
    }
    connection.execute(insert(departures).values(values))
    feed_head_is(connection, kept.position)
    return kept


def departures_since(
    connection: Connection, position: int, limit: int, concerns: ColumnElement[bool]
) -> list[Departure]:
    """In order."""
    query = select(departures).where(departures.c.position > position, concerns)
    rows = connection.execute(query.order_by(departures.c.position).limit(limit))
    return [
        Departure(
            UUID(row.patient),
            GoneReason(row.reason),
            None if row.record is None else UUID(row.record),
            None if row.scope is None else UUID(row.scope),
            row.position,
        )
        for row in rows
    ]
