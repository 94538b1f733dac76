"""Numbers of this profile that only grow, as long as the server is the one that was seen."""

from enum import StrEnum

from offline_store.connection import Connection


class Counter(StrEnum):
    CHANGES_MADE = "changes-made"
    FEED_POSITION = "feed-position"
    EVENTS_ACKNOWLEDGED = "events-acknowledged"
    JOURNAL_FRAME = "journal-frame"
    SENT_AGAIN = "sent-again"  # how often what had been sent went back into the outbox


def value_of(connection: Connection, counter: Counter) -> int:
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (counter,)).fetchone()
    return 0 if row is None else int(row[0])


def raise_to(connection: Connection, counter: Counter, value: int) -> None:
    """Never lowered: a number given once is not given again."""
    connection.execute(
        "INSERT INTO counters (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
        (counter, value),
    )


def next_of(connection: Connection, counter: Counter) -> int:
    value = value_of(connection, counter) + 1
    raise_to(connection, counter, value)
    return value


def forget(connection: Connection, counter: Counter) -> None:
    """What the server said of itself; it begins at nothing again."""
    connection.execute("DELETE FROM counters WHERE name = ?", (counter,))
