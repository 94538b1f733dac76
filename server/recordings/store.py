"""Which files lie in the folder, in SQL; the row is written after the file and is the truth."""

from datetime import datetime

from sqlalchemy import Connection, insert, select

from app.domain.ids import PersonId
from server.tables import files, time_text


def byte_count_of(connection: Connection, sha256: str) -> int | None:
    """None: it is not stored."""
    return connection.execute(select(files.c.byte_count).where(files.c.sha256 == sha256)).scalar()


def add_file(
    connection: Connection, sha256: str, byte_count: int, by: PersonId, at: datetime
) -> None:
    connection.execute(
        insert(files).values(
            sha256=sha256, byte_count=byte_count, stored_at=time_text(at), stored_by=str(by)
        )
    )
