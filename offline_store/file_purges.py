"""Files that are still to be destroyed here because their key was, on order: a row for each.

Written in the transaction that takes the key out of the record, so that no stop forgets one.
"""

from itertools import groupby
from uuid import UUID

from app.domain.changes import ConfirmedRecord
from app.domain.file_purges import FilePurge, files_erased_in, files_without_key
from app.domain.ids import PatientId, RecordId, VisitId
from offline_store.connection import Connection


class FilePurges:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def heard(self, record: ConfirmedRecord) -> None:
        """Before it takes the place of what is here. One that we never had a key of is no news."""
        files = files_without_key(record)
        if not files:
            return
        row = self._connection.execute(
            "SELECT body FROM records WHERE record = ? AND record_type = ?"
            " AND (position < ? OR standing <> 0)",
            (str(record.record), str(record.record_type), record.position),
        ).fetchone()
        if row is None:
            return
        # What was sent may be sent again to a server that was put back: not with the key.
        self._connection.execute(
            "DELETE FROM sent WHERE CAST(body AS TEXT) ->> '$.record' = ?", (str(record.record),)
        )
        for name in set(files) - set(files_erased_in(row[0])):
            self._connection.execute(
                "INSERT INTO file_purges (record, file_sha256, patient, visit)"
                " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    str(record.record),
                    name,
                    None if record.patient is None else str(record.patient),
                    None if record.visit is None else str(record.visit),
                ),
            )

    def due(self) -> list[FilePurge]:
        rows = self._connection.execute(
            "SELECT record, file_sha256, patient, visit FROM file_purges ORDER BY record"
        ).fetchall()
        found = []
        for _, of_one in groupby(rows, key=lambda row: row[0]):
            same = list(of_one)
            record, _, patient, visit = same[0]
            found.append(
                FilePurge(
                    RecordId(UUID(record)),
                    tuple(row[1] for row in same),
                    None if patient is None else PatientId(UUID(patient)),
                    None if visit is None else VisitId(UUID(visit)),
                )
            )
        return found

    def done(self, record: RecordId) -> None:
        self._connection.execute("DELETE FROM file_purges WHERE record = ?", (str(record),))
