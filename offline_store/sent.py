"""What the server had, kept for the day on which it forgets: the only writer of the table sent.

A row is the outbox's, whole, with its position in the feed.
"""

from app.domain.ids import ChangeId
from offline_store.connection import Connection

MOST = 20_000  # changes of this desk; more than the longest time between two backups brings
KEEP = """
INSERT OR REPLACE INTO sent (counter, id, position, body)
SELECT counter, id, ?, body FROM outbox WHERE id = ?
"""


class SentChanges:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, change: ChangeId, *, position: int) -> None:
        """A change that is about to leave the outbox; the oldest give way."""
        self._connection.execute(KEEP, (position, str(change)))
        self._connection.execute(
            "DELETE FROM sent WHERE counter <= (SELECT max(counter) FROM sent) - ?", (MOST,)
        )

    def after(self, position: int) -> list[tuple[int, bytes]]:
        """Counter and body of what the server put behind that position, oldest first."""
        rows = self._connection.execute(
            "SELECT counter, body FROM sent WHERE position > ? ORDER BY counter", (position,)
        )
        return rows.fetchall()

    def forget(self, counter: int) -> None:
        self._connection.execute("DELETE FROM sent WHERE counter = ?", (counter,))
