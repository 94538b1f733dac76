"""Single facts about this database, by name. The mark DEMONSTRATION is one of them."""

from sqlalchemy import Connection, delete, func, insert, select

from app.domain.failures import Code, Rejected
from server.tables import facts, persons

DEMONSTRATION_FACT = "demonstration"


def fact(connection: Connection, name: str) -> str | None:
    return connection.execute(select(facts.c.value).where(facts.c.name == name)).scalar()


def facts_named(connection: Connection, beginning: str) -> dict[str, str]:
    """By the rest of their names."""
    named = select(facts.c.name, facts.c.value).where(
        facts.c.name.startswith(beginning, autoescape=True)
    )
    return {name.removeprefix(beginning): value for name, value in connection.execute(named)}


def keep_fact(connection: Connection, name: str, value: str) -> None:
    forget_fact(connection, name)
    connection.execute(insert(facts).values(name=name, value=value))


def forget_fact(connection: Connection, name: str) -> None:
    connection.execute(delete(facts).where(facts.c.name == name))


def is_demonstration(connection: Connection) -> bool:
    return fact(connection, DEMONSTRATION_FACT) is not None


def mark_demonstration(connection: Connection) -> None:
    """For ever; Rejected when real accounts are in it already."""
    if is_demonstration(connection):
        return
    if has_accounts(connection):
        raise Rejected(Code.NOT_ALLOWED, "this database holds accounts and is no demonstration")
    keep_fact(connection, DEMONSTRATION_FACT, "yes")


def has_accounts(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(persons)).scalar_one() > 0
