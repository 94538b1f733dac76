"""What is to leave this machine because it left the feed: the only writer of that table.

A patient leaves whole, and never while something of theirs waits here for the server or a person.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from app.domain.changes import ConfirmedRecord, Gone, GoneReason
from app.domain.ids import PatientId, RecordId
from offline_store.confirmed import ConfirmedRecords, Standing
from offline_store.connection import Connection
from offline_store.retention import NOTHING_WAITS, Retention

ADD = """
INSERT INTO departures (patient, record, reason) VALUES (?, ?, ?)
ON CONFLICT (patient, record) DO UPDATE SET reason = excluded.reason
"""
HERE = """
SELECT 1 FROM records WHERE record = iif(:record = '', :patient, :record)
"""
# Of whom a whole load brought nothing.
NOT_LOADED = """
INSERT INTO departures (patient, record, reason)
SELECT DISTINCT coalesce(patient, record), '', :reason FROM records WHERE standing = :not_loaded
ON CONFLICT (patient, record) DO NOTHING
"""
# Of patients who stay, what it did not bring, nor the feed behind it.
MISSED = """
INSERT INTO departures (patient, record, reason)
SELECT coalesce(r.patient, r.record), r.record, :reason FROM records r
WHERE r.standing = :missed AND NOT EXISTS (
  SELECT 1 FROM departures d WHERE d.patient = coalesce(r.patient, r.record) AND d.record = '')
ON CONFLICT (patient, record) DO NOTHING
"""
DUE = f"""
SELECT p.record, p.one, p.reason
FROM (SELECT patient AS record, record AS one, reason FROM departures) p
WHERE (:patient IS NULL OR p.record = :patient) AND (
  (p.one = '' {NOTHING_WAITS})
  OR (p.one <> '' AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.record = p.one)))
ORDER BY p.record, p.one LIMIT :limit
"""  # noqa: S608  # a constant


class Departures:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._confirmed = ConfirmedRecords(connection)

    def heard(self, gone: Gone) -> None:
        """Of what is not here there is nothing to destroy."""
        record = "" if gone.record is None else str(gone.record)
        here = self._connection.execute(HERE, {"patient": str(gone.patient), "record": record})
        is_here = here.fetchone() is not None
        if not is_here and not record:  # a note may have been answered before its patient came
            is_here = Retention(self._connection).has_any(gone.patient)
        if is_here:
            self._connection.execute(ADD, (str(gone.patient), record, str(gone.reason)))

    def are_any(self) -> bool:
        row = self._connection.execute("SELECT EXISTS (SELECT 1 FROM departures)").fetchone()
        return row is not None and bool(row[0])

    def leaving(self, patients: Sequence[PatientId]) -> set[PatientId]:
        """Which of them are to leave whole."""
        asked = json.dumps([str(patient) for patient in patients])
        rows = self._connection.execute(
            "SELECT patient FROM departures WHERE record = ''"
            " AND patient IN (SELECT value FROM json_each(?))",
            (asked,),
        )
        return {PatientId(UUID(patient)) for (patient,) in rows}

    def came_back(self, record: ConfirmedRecord) -> None:
        """The feed tells it again: what was to leave stays."""
        if record.patient is not None and self.leaving([record.patient]):
            self._confirmed.comes_back(record.patient, Retention(self._connection).types())
        self._connection.execute(
            "DELETE FROM departures WHERE patient = ? AND record IN ('', ?)",
            (str(record.patient), str(record.record)),
        )

    def end_load(self) -> None:
        """Of whom it brought nothing is to leave."""
        self._connection.execute(
            NOT_LOADED, {"reason": GoneReason.OUT_OF_SCOPE, "not_loaded": Standing.NOT_LOADED}
        )

    def end_feed(self) -> None:
        """The feed behind a load was followed to its end: what neither told was removed."""
        self._connection.execute(MISSED, {"reason": GoneReason.REMOVED, "missed": Standing.MISSED})

    def all_leave(self) -> list[str]:
        """Another person sits here, who sees others: at once, but for whose work waits here.

        The files that the records named.
        """
        self._confirmed.all_leave()
        self.end_load()
        files: list[str] = []
        while due := self.due(1_000):
            for one in due:
                files += self.leave(one)
                self.done(one)
        return files

    def stays(self, record: ConfirmedRecord) -> None:
        """An answer brought it: it was not removed. Of its patient the feed alone says who left."""
        self._connection.execute(
            "DELETE FROM departures WHERE patient = ? AND record = ?",
            (str(record.patient), str(record.record)),
        )

    def due(self, limit: int, patient: PatientId | None = None) -> list[Gone]:
        """Of whom nothing waits here."""
        asked = {"limit": limit, "patient": None if patient is None else str(patient)}
        return [
            Gone(
                PatientId(UUID(of)),
                RecordId(UUID(record)) if record else None,
                GoneReason(reason) if reason in list(GoneReason) else reason,
            )
            for of, record, reason in self._connection.execute(DUE, asked).fetchall()
        ]

    def is_due(self, gone: Gone) -> bool:
        return gone in self.due(-1, gone.patient)

    def leave(self, gone: Gone) -> list[str]:
        """Its rows go; the files that they named, which nothing opens now. Twice is harmless."""
        may_come_back = gone.reason == GoneReason.OUT_OF_SCOPE
        retention = Retention(self._connection)
        if gone.record is None:
            return retention.shred(gone.patient, may_come_back=may_come_back)
        return retention.shred_record(gone.record, may_come_back=may_come_back)

    def done(self, gone: Gone) -> None:
        record = "" if gone.record is None else str(gone.record)
        self._connection.execute(
            "DELETE FROM departures WHERE patient = ? AND record = ?", (str(gone.patient), record)
        )
