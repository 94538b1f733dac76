"""Which files lie in the folder, in SQL; the row is written after the file and is the truth.

A row that counts no bytes is of a file that was erased on order: it never comes back.
"""

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from app.domain.ids import PersonId
from server.tables import files, time_text

ERASED_BYTES = 0  # an encrypted file has at least its header


def byte_count_of(connection: Connection, sha256: str) -> int | None:
    """None: it is not stored."""
    count = connection.execute(select(files.c.byte_count).where(files.c.sha256 == sha256)).scalar()
    return None if count == ERASED_BYTES else count


def byte_counts_of(connection: Connection, names: list[str]) -> dict[str, int]:
    """Of those that have a row; ERASED_BYTES of what was erased."""
    query = select(files.c.sha256, files.c.byte_count).where(files.c.sha256.in_(names))
    return {row.sha256: row.byte_count for row in connection.execute(query)}


def add_file(
    connection: Connection, sha256: str, byte_count: int, by: PersonId, at: datetime
) -> None:
    connection.execute(
        insert(files).values(
            sha256=sha256, byte_count=byte_count, stored_at=time_text(at), stored_by=str(by)
        )
    )


def mark_erased(connection: Connection, names: list[str]) -> None:
    connection.execute(
        update(files).where(files.c.sha256.in_(names)).values(byte_count=ERASED_BYTES)
    )


def erased_names(connection: Connection) -> list[str]:
    query = select(files.c.sha256).where(files.c.byte_count == ERASED_BYTES)
    return list(connection.execute(query).scalars())
