"""The table of records as the server confirmed them: the only place that writes it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from app.domain.changes import SCHEMA_VERSION, ConfirmedRecord, RecordType
from app.domain.failures import Code, Untrusted
from app.domain.ids import PatientId, RecordId, VisitId
from offline_store.connection import Connection, SqlValue
from offline_store.counters import Counter, value_of
from offline_store.documents import Lookup, lookup_of
from offline_store.file_purges import FilePurges
from offline_store.heard import HeardRecords
from offline_store.kept import Kept
from offline_store.name_words import NameWords

# Taken off the positions of what a load has not brought: below every position of a feed, and in the
# order in which they stood.
NOT_LOADED_YET = 2**52
FEED_SWEEP = "feed-sweep"  # there while a load runs, after which goes what it did not bring
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
WHERE excluded.position > position OR position = 0
"""


class ConfirmedRecords:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._heard = HeardRecords(connection)
        self._names = NameWords(connection)
        self._purges = FilePurges(connection)
        self._kept = Kept(connection)

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

    def keep_answered(self, record: ConfirmedRecord) -> bool:
        """Of an answer to a change: whether it was newer than what is here.

        While a load runs it is marked as not loaded yet, until that brings it: what a load does not
        bring is of a patient who is not seen here any more.
        """
        if value_of(self._connection, Counter.FEED_POSITION) == 0:
            key = (str(record.record_type), str(record.record))
            if self._positions([record]).get(key, 0) <= 0:
                self._purges.heard(record)
                record = replace(record, position=record.position - NOT_LOADED_YET)
                self._kept.keep_text(FEED_SWEEP, "1")
        return bool(self.keep_newer([record]))

    def end_load(self, as_of: int) -> None:
        """What was answered meanwhile and is newer than what was loaded is no more marked so: the
        feed tells it again from there on.
        """
        self._connection.execute(
            "UPDATE records SET position = 0 WHERE position BETWEEN ? AND -1",
            (as_of + 1 - NOT_LOADED_YET,),
        )

    def keep_newer(self, told: Sequence[ConfirmedRecord]) -> list[ConfirmedRecord]:
        """Those that were newer than what was here, in their order."""
        known, newer = self._positions(told), []
        names: dict[str, str] = {}  # of patients who were not here
        for record in told:
            lookup, key = _lookup(record), (str(record.record_type), str(record.record))
            self._purges.heard(record)
            before = known.get(key)
            if before is not None and before != 0 and before >= record.position:
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
        """Whatever the server says of these records next is newer than what is here; until it does,
        nobody knows whether it has them.
        """
        self._connection.execute("UPDATE records SET position = 0 WHERE position > ?", (after,))


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
