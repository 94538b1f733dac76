"""What somebody who may write the server's database might do to its audit, on copies of it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from demo.database_view import DatabaseView, walk_chain
from demo.sabotage import edit, rewrite_chain
from demo.stage import Stage
from demo.waiting import NotSo


class Copy:
    """The server's database for one act of tampering, as it was when the newest witness was given.

    What the server wrote afterwards nobody has seen; that it may be cut off unseen is known.
    """

    def __init__(self, stage: Stage, folder: Path, witnesses: dict[str, str]) -> None:
        self._stage = stage
        folder.mkdir(mode=0o700)
        self.database = folder / stage.clinic.database.name
        source = sqlite3.connect(f"file:{stage.clinic.database}?mode=ro", uri=True)
        target = sqlite3.connect(self.database)
        source.backup(target)
        target.close()
        source.close()
        self.count = max(int(held.partition(":")[0]) for held in witnesses.values())
        edit(self.database, self._cut_off_what_nobody_saw)

    def _cut_off_what_nobody_saw(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM audit_log WHERE number > ?", (self.count,))

    def own_verdict(self, witnesses: dict[str, str]) -> str:
        """Why our own walk along the chain refuses it; empty when it does not."""
        try:
            walk_chain(DatabaseView(self.database).acts(), witnesses)
        except NotSo as error:
            return str(error)
        return ""

    def product_verdict(self, witnesses: dict[str, str]) -> str:
        try:
            self._stage.clinic.verify_audit(self.database.parent, witnesses)
        except NotSo as error:
            return str(error)
        return ""


def change_a_row(connection: sqlite3.Connection) -> None:
    connection.execute(
        "UPDATE audit_log SET event = "
        "CAST(replace(CAST(event AS TEXT), 'visit-joined', 'visit-leaped') AS BLOB) "
        "WHERE number = (SELECT min(number) FROM audit_log "
        "WHERE instr(CAST(event AS TEXT), 'visit-joined'))"
    )


def delete_a_row(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM audit_log WHERE number = (SELECT max(number) / 2 FROM audit_log)"
    )


def delete_the_last_row(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM audit_log WHERE number = (SELECT max(number) FROM audit_log)")


def delete_a_row_and_compute_anew(connection: sqlite3.Connection) -> None:
    delete_a_row(connection)
    rewrite_chain(connection)


TAMPERINGS: dict[str, Callable[[sqlite3.Connection], None]] = {
    "changed": change_a_row,
    "deleted": delete_a_row,
    "deleted-last": delete_the_last_row,
    "computed-anew": delete_a_row_and_compute_anew,
}
