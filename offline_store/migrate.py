"""Brings a store to this release's schema, forward only, each step in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from app.domain.failures import Code, Unavailable, Untrusted
from offline_store import name_words
from offline_store.connection import Connection, whole

# What SQL cannot say, in the transaction of the step of that title.
IN_PYTHON: dict[str, Callable[[Connection], None]] = {"name_words": name_words.fill}


@dataclass(frozen=True, slots=True)
class Step:
    title: str  # of `NNNN_title.sql`
    sql: str


def steps() -> list[Step]:
    """In order; step N brings user_version to N."""
    found = sorted(
        (
            file
            for file in files("offline_store.migrations").iterdir()
            if file.name.endswith(".sql")
        ),
        key=lambda file: file.name,
    )
    return [
        Step(file.name[5:].removesuffix(".sql"), file.read_text(encoding="utf-8")) for file in found
    ]


def version_of(connection: Connection) -> int:
    row = connection.execute("PRAGMA user_version").fetchone()
    return 0 if row is None else int(row[0])


def refuse_what_is_not_ours(connection: Connection, newest: int) -> None:
    """Unavailable(STORE_TOO_NEW) for a later release's file; an empty one lost its contents."""
    version = version_of(connection)
    if version > newest:
        raise Unavailable(Code.STORE_TOO_NEW, f"schema {version}")
    if version == 0:
        raise Untrusted(Code.STORE_DAMAGED, "the database is empty")


def migrate(connection: Connection) -> None:
    """Apply the steps that the file has not seen."""
    for number, step in enumerate(steps(), start=1):
        if number <= version_of(connection):
            continue
        with whole(connection):
            for statement in statements(step.sql):
                connection.execute(statement)
            if step.title in IN_PYTHON:
                IN_PYTHON[step.title](connection)
            connection.execute(f"PRAGMA user_version = {number}")


def statements(sql: str) -> list[str]:
    """The statements of one file. The body of a trigger ends with `END;` at a line's beginning."""
    found, current, is_trigger = [], "", False
    for line in sql.splitlines(keepends=True):
        if line.startswith("--"):
            continue
        current += line
        is_trigger = is_trigger or line.startswith("CREATE TRIGGER")
        if line.startswith("END;") if is_trigger else line.rstrip().endswith(";"):
            found.append(current.strip())
            current, is_trigger = "", False
    return found
