"""Files that changes point to, and whether the server has them: the only writer of that table."""

from app.domain.changes import CLINICAL_ORDER
from offline_store.connection import Connection

PLACES = " ".join(f"WHEN '{kind}' THEN {place}" for place, kind in enumerate(CLINICAL_ORDER))
UNSENT = f"""
WITH waiting AS (
  SELECT file_sha256, record_type, counter FROM outbox WHERE file_sha256 IS NOT NULL
  UNION ALL
  SELECT part.value ->> 'file_sha256', o.record_type, o.counter
  FROM outbox o, json_each(CAST(o.body AS TEXT), '$.fields_set.file_parts') part
  WHERE o.record_type = 'message')
SELECT a.file_sha256 FROM attachments a LEFT JOIN waiting w ON w.file_sha256 = a.file_sha256
WHERE a.is_sent = 0
GROUP BY a.file_sha256
ORDER BY min(CASE w.record_type {PLACES} END) NULLS LAST, min(w.counter), a.file_sha256
"""  # noqa: S608  # constants of ours


class Attachments:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, file_sha256: str, byte_count: int) -> None:
        """Adding twice changes nothing: a file that was sent stays sent."""
        self._connection.execute(
            "INSERT INTO attachments (file_sha256, byte_count) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING",
            (file_sha256, byte_count),
        )

    def unsent(self) -> list[str]:
        """In the order in which the changes that wait for them go; what none waits for, last."""
        return [row[0] for row in self._connection.execute(UNSENT)]

    def mark_sent(self, file_sha256: str) -> None:
        self._connection.execute(
            "UPDATE attachments SET is_sent = 1 WHERE file_sha256 = ?", (file_sha256,)
        )

    def ask_again(self) -> None:
        """The server may have lost them; it is asked about each before anything is sent."""
        self._connection.execute("UPDATE attachments SET is_sent = 0")

    def sent(self, after: str, limit: int) -> list[str]:
        """What the server had once, in the order of the names, behind `after`."""
        rows = self._connection.execute(
            "SELECT file_sha256 FROM attachments WHERE is_sent = 1 AND file_sha256 > ?"
            " ORDER BY file_sha256 LIMIT ?",
            (after, limit),
        )
        return [row[0] for row in rows]

    def mark_unsent(self, file_sha256: str) -> None:
        """The server says that it has it no more."""
        self._connection.execute(
            "UPDATE attachments SET is_sent = 0 WHERE file_sha256 = ?", (file_sha256,)
        )

    def forget(self, file_sha256: str) -> None:
        """It was erased on order: neither is it here, nor is it to be brought anywhere."""
        self._connection.execute("DELETE FROM attachments WHERE file_sha256 = ?", (file_sha256,))
