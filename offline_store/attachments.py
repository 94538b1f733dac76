"""Files that changes point to, and whether the server has them: the only writer of that table."""

from offline_store.connection import Connection


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
        """In the order of the changes that wait for them."""
        rows = self._connection.execute(
            "SELECT file_sha256 FROM attachments a WHERE is_sent = 0 ORDER BY"
            " (SELECT min(counter) FROM outbox o WHERE o.file_sha256 = a.file_sha256), file_sha256"
        )
        return [row[0] for row in rows]

    def mark_sent(self, file_sha256: str) -> None:
        self._connection.execute(
            "UPDATE attachments SET is_sent = 1 WHERE file_sha256 = ?", (file_sha256,)
        )

    def ask_again(self) -> None:
        """The server may have lost them; it is asked about each before anything is sent."""
        self._connection.execute("UPDATE attachments SET is_sent = 0")
