"""What of the confirmed records is due to leave this machine: whole patients, never a part of one.

Due is a patient about whom nothing is newer than a given time, no visit is planned or unsigned, no
conflict is open, and nothing waits here for server or person. Their records go, and with them the
keys of their files.
"""

from uuid import UUID

from app.domain.ids import PatientId, RecordId
from offline_store.connection import Connection
from offline_store.heard import HeardRecords
from offline_store.name_words import NameWords

# Here, for the server or for a person: of the patient who is the record of `p`.
NOTHING_WAITS = """
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.patient = p.record OR o.record = p.record)
  AND NOT EXISTS (
    SELECT 1 FROM records v
    JOIN measurements m ON m.visit = v.record AND m.body IS NOT NULL
    WHERE v.record_type = 'visit' AND v.patient = p.record)
  AND NOT EXISTS (
    SELECT 1 FROM records v JOIN kept_texts k ON k.name GLOB 'draft.' || v.record || '.*'
    WHERE v.record_type = 'visit' AND v.patient = p.record)
"""
# Asked type by type, because each type has its index; a patient's own record names no patient.
DUE = f"""
SELECT p.record FROM records p
WHERE p.record_type = 'patient' AND (:patient IS NULL OR p.record = :patient)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:types) t
    JOIN records r ON r.record_type = t.value AND r.patient = p.record
    WHERE r.at >= :before
      OR r.state IN ('booked', 'checked-in', 'in-visit', 'interrupted', 'finished',
        'open'))  -- a conflict
  AND EXISTS (
    SELECT 1 FROM json_each(:types) t
    JOIN records r ON r.record_type = t.value AND r.patient = p.record AND r.at IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM heard_directly h
    WHERE h.patient = p.record AND coalesce(h.at, :before) >= :before)
  {NOTHING_WAITS}
LIMIT :limit
"""  # noqa: S608  # a constant
NAMES_PATIENT = """
SELECT 1 FROM json_each(:types) t
JOIN records r ON r.record_type = t.value AND r.patient = :patient LIMIT 1
"""
FILES = """
SELECT r.body ->> '$.file_sha256' AS name FROM records r
WHERE r.record_type = :type AND r.patient = :patient AND name IS NOT NULL
UNION
SELECT part.value ->> 'file_sha256' FROM records r, json_each(r.body, '$.file_parts') part
WHERE r.record_type = :type AND r.patient = :patient
"""
FILES_OF_RECORD = """
SELECT r.body ->> '$.file_sha256' AS name FROM records r
WHERE r.record = :record AND name IS NOT NULL
UNION
SELECT part.value ->> 'file_sha256' FROM records r, json_each(r.body, '$.file_parts') part
WHERE r.record = :record
"""


class Retention:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, before: int, limit: int, patient: PatientId | None = None) -> list[PatientId]:
        """`before` in microseconds since 1970. Of whom nothing has a time yet is not due."""
        parameters = {
            "before": before,
            "limit": limit,
            "patient": None if patient is None else str(patient),
            "types": _as_json(self.types()),
        }
        rows = self._connection.execute(DUE, parameters)
        return [PatientId(UUID(row[0])) for row in rows]

    def has_any(self, patient: PatientId) -> bool:
        """Whether a record names this patient."""
        asked = {"types": _as_json(self.types()), "patient": str(patient)}
        return self._connection.execute(NAMES_PATIENT, asked).fetchone() is not None

    def shred(self, patient: PatientId, *, may_come_back: bool = False) -> list[str]:
        """All records of this patient go; the files that they named, which nothing opens now.

        `may_come_back`: what was sent from here is kept for a server that forgets it.
        """
        files: list[str] = []
        for record_type in self.types():
            parameters = {"type": record_type, "patient": str(patient)}
            found = self._connection.execute(FILES, parameters).fetchall()
            files += [row[0] for row in found if isinstance(row[0], str)]
            self._connection.execute(
                "DELETE FROM records WHERE record_type = :type AND patient = :patient", parameters
            )
        self._connection.execute(
            "DELETE FROM records WHERE record_type = 'patient' AND record = ?", (str(patient),)
        )
        if not may_come_back:
            self._connection.execute(
                "DELETE FROM sent WHERE CAST(body AS TEXT) ->> '$.patient' = :patient"
                " OR CAST(body AS TEXT) ->> '$.record' = :patient",
                {"patient": str(patient)},
            )
        NameWords(self._connection).forget(str(patient))
        HeardRecords(self._connection).patient_left(patient)
        for name in files:
            self._connection.execute("DELETE FROM attachments WHERE file_sha256 = ?", (name,))
        return files

    def shred_record(self, record: RecordId, *, may_come_back: bool = False) -> list[str]:
        """One record, and what it names that nothing else names."""
        parameters = {"record": str(record)}
        found = self._connection.execute(FILES_OF_RECORD, parameters).fetchall()
        files = [row[0] for row in found if isinstance(row[0], str)]
        self._connection.execute("DELETE FROM records WHERE record = :record", parameters)
        if not may_come_back:
            self._connection.execute(
                "DELETE FROM sent WHERE CAST(body AS TEXT) ->> '$.record' = :record", parameters
            )
        NameWords(self._connection).forget(str(record))
        HeardRecords(self._connection).gone(record)
        for name in files:
            self._connection.execute("DELETE FROM attachments WHERE file_sha256 = ?", (name,))
        return files

    def types(self) -> list[str]:
        """One jump in the index for each type, later releases' too."""
        found: list[str] = []
        while True:
            row = self._connection.execute(
                "SELECT min(record_type) FROM records INDEXED BY records_of_patient"
                " WHERE record_type > ?",
                (found[-1] if found else "",),
            ).fetchone()
            if row is None or row[0] is None:
                return found
            found.append(row[0])


def _as_json(types: list[str]) -> str:
    return "[" + ",".join(f'"{name}"' for name in types) + "]"
