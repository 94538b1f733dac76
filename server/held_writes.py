"""Writes of a transaction that are held back and made together: what a statement costs by itself is
more than what its row costs.

While they are held, whoever reads their tables flushes first, or looks into a memory that knows of
them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, UpdateBase
from sqlalchemy.sql.compiler import SQLCompiler

HELD = "held writes"

Row = dict[str, Any]
Names = tuple[str, ...]


@dataclass(slots=True)
class HeldWrites:
    """Each in the order in which it was given: what is new, what is changed, what tells of it."""

    made: list[tuple[UpdateBase, Row]] = field(default_factory=list)
    changed: list[tuple[UpdateBase, Row]] = field(default_factory=list)
    told: list[tuple[UpdateBase, Row]] = field(default_factory=list)


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


def write(connection: Connection, statement: UpdateBase, rows: Sequence[Row]) -> None:
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
    by_statement: dict[tuple[UpdateBase, Names], list[Row]] = {}
    for statement, row in (*held.made, *held.changed, *held.told):
        by_statement.setdefault((statement, tuple(row)), []).append(row)
    held.made, held.changed, held.told = [], [], []
    for (statement, names), rows in by_statement.items():
        # As the driver takes them: of texts, numbers and bytes nothing has to be made, which for
        # each row takes as long as writing it.
        plain = _plain(statement, names, connection.dialect)
        connection.exec_driver_sql(
            plain.sql, [tuple(map(row.__getitem__, plain.order)) for row in rows]
        )


class _Plain(NamedTuple):
    sql: str
    order: list[str]


@lru_cache(maxsize=64)
def _plain(statement: UpdateBase, names: Names, dialect: Dialect) -> _Plain:
    made = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(made, SQLCompiler) and made.positiontup is not None
    return _Plain(str(made), made.positiontup)
