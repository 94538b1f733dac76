"""The table of records as the server confirmed them: the only place that writes it."""

import json
from collections.abc import Sequence
from uuid import UUID

from app.domain.changes import SCHEMA_VERSION, ConfirmedRecord, RecordType
from app.domain.failures import Code, Untrusted
from app.domain.ids import PatientId, RecordId, VisitId
from offline_store.connection import Connection, SqlValue
from offline_store.documents import Lookup, lookup_of
from offline_store.file_purges import FilePurges
from offline_store.heard import HeardRecords
from offline_store.name_words import NameWords

COLUMNS = "version, position, schema_version, body, patient, visit"
POSITIONS = """
SELECT r.record_type, r.record, r.position FROM json_each(?) told
CROSS JOIN records r ON r.record = told.value
"""
KEEP = """
INSERT INTO records
  (record_type, record, version, position, schema_version, body, patient, visit, at, state)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (record_type, record) DO UPDATE SET
  version = excluded.version, position = excluded.position,
  schema_version = excluded.schema_version, body = excluded.body, patient = excluded.patient,
  visit = excluded.visit, at = excluded.at, state = excluded.state
WHERE excluded.position > position
"""


class ConfirmedRecords:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._heard = HeardRecords(connection)
        self._names = NameWords(connection)
        self._purges = FilePurges(connection)

    def find(self, record_type: RecordType, record: RecordId) -> ConfirmedRecord | None:
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM records WHERE record_type = ? AND record = ?",  # noqa: S608  # constant
            (record_type, str(record)),
        ).fetchone()
        if row is None:
            return None
        version, position, schema, body, patient, visit = row
        return ConfirmedRecord(
            record_type=record_type,
            record=record,
            version=version,
            position=position,
            schema=schema,
            body=body,
            patient=None if patient is None else PatientId(UUID(patient)),
            visit=None if visit is None else VisitId(UUID(visit)),
        )

    def keep_if_newer(self, record: ConfirmedRecord) -> bool:
        """Whether it was newer than what is here: pages and answers may arrive out of order."""
        return bool(self.keep_newer([record]))

    def keep_newer(self, told: Sequence[ConfirmedRecord]) -> list[ConfirmedRecord]:
        """Those that were newer than what was here, in their order."""
        known, newer = self._positions(told), []
        names: dict[str, str] = {}  # of patients who were not here
        for record in told:
            lookup, key = _lookup(record), (str(record.record_type), str(record.record))
            self._purges.heard(record)
            before = known.get(key)
            if before is not None and before >= record.position:
                continue
            if record.record_type is RecordType.PATIENT:
                if before is None or key[1] in names:
                    names[key[1]] = lookup.names
                else:
                    self._names.keep(key[1], lookup.names)
            known[key] = record.position
            newer.append((record, lookup))
        self._connection.executemany(KEEP, (_row(record, lookup) for record, lookup in newer))
        self._names.add(names)
        self._heard.confirmed(told)
        return [record for record, _ in newer]

    def _positions(self, told: Sequence[ConfirmedRecord]) -> dict[tuple[str, str], int]:
        """Of those that are here, by type and id."""
        if not told:
            return {}
        asked = json.dumps([str(record.record) for record in told])
        rows = self._connection.execute(POSITIONS, (asked,))
        return {(record_type, record): position for record_type, record, position in rows}

    def forget_positions(self, *, after: int) -> None:
        """Whatever the server says of these records next is newer than what is here."""
        self._connection.execute(
            "UPDATE records SET position = ? WHERE position > ?", (after, after)
        )


def _row(record: ConfirmedRecord, lookup: Lookup) -> tuple[SqlValue, ...]:
    patient, visit = record.patient or lookup.patient, record.visit or lookup.visit
    return (
        record.record_type,
        str(record.record),
        record.version,
        record.position,
        record.schema,
        record.body,
        None if patient is None else str(patient),
        None if visit is None else str(visit),
        lookup.at,
        lookup.state,
    )


def _lookup(record: ConfirmedRecord) -> Lookup:
    """A later release's document may be anything: it is kept, and found by its ids alone."""
    if not isinstance(record.record_type, RecordType):
        return Lookup()
    try:
        return lookup_of(record.record_type, record.record, record.body)
    except ValueError:
        if record.schema > SCHEMA_VERSION:
            return Lookup()
    # Not `from error`: what pydantic says quotes the document.
    raise Untrusted(Code.MALFORMED, f"{record.record_type} {record.record}")
