"""Writes of a transaction that are held back and made together: what a statement costs by itself is
more than what its row costs.

While they are held, whoever reads their tables flushes first, or looks into a memory that knows of
them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Executable

HELD = "held writes"

Row = dict[str, Any]


@dataclass(slots=True)
class HeldWrites:
    """Each in the order in which it was given: what is new, what is changed, what tells of it."""

    made: list[tuple[Executable, Row]] = field(default_factory=list)
    changed: list[tuple[Executable, Row]] = field(default_factory=list)
    told: list[tuple[Executable, Row]] = field(default_factory=list)


def held_of(connection: Connection) -> HeldWrites | None:
    found: HeldWrites | None = connection.info.get(HELD)
    return found


@contextmanager
def holding(connection: Connection) -> Iterator[None]:
    """All is written when the block ends well. When it does not, its transaction must be undone."""
    connection.info[HELD] = HeldWrites()
    try:
        yield
        flush(connection)
    finally:
        connection.info.pop(HELD, None)


def write(connection: Connection, statement: Executable, rows: Sequence[Row]) -> None:
    """Rows that tell of what was done, now or with all the others."""
    held = held_of(connection)
    if held is None:
        connection.execute(statement, list(rows))
    else:
        held.told += [(statement, row) for row in rows]


def flush(connection: Connection) -> None:
    """Each statement once, with all of its rows in their order."""
    held = held_of(connection)
    if held is None:
        return
    by_statement: dict[Executable, list[Row]] = {}
    for statement, row in (*held.made, *held.changed, *held.told):
        by_statement.setdefault(statement, []).append(row)
    held.made, held.changed, held.told = [], [], []
    for statement, rows in by_statement.items():
        connection.execute(statement, rows)
