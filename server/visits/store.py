"""The seats of visits in SQL, so that a restarted server still knows whom it waits for."""

from uuid import UUID

from sqlalchemy import Connection, delete, insert, select

from app.contract.signalling import Seat
from app.domain.access import Role
from app.domain.ids import VisitId
from server.tables import seats, time_of, time_text


def keep_seat(connection: Connection, visit: VisitId, seat: Seat) -> None:
    drop_seat(connection, visit, seat)
    connection.execute(
        insert(seats).values(
            visit=str(visit),
            device=str(seat.device),
            person=str(seat.person),
            name=seat.name,
            role=str(seat.role),
            since=time_text(seat.since),
        )
    )


def drop_seat(connection: Connection, visit: VisitId, seat: Seat) -> None:
    connection.execute(
        delete(seats).where(seats.c.visit == str(visit), seats.c.device == str(seat.device))
    )


def kept_seats(connection: Connection) -> list[tuple[VisitId, Seat]]:
    """All of them, as seats without a socket."""
    return [
        (
            VisitId(UUID(row.visit)),
            Seat(
                device=UUID(row.device),
                person=UUID(row.person),
                name=row.name,
                role=Role(row.role),
                is_connected=False,
                since=time_of(row.since),
            ),
        )
        for row in connection.execute(select(seats))
    ]
