"""The table of records as the server confirmed them: the only place that writes it."""

from uuid import UUID

from app.domain.changes import SCHEMA_VERSION, ConfirmedRecord, RecordType
from app.domain.failures import Code, Untrusted
from app.domain.ids import PatientId, RecordId, VisitId
from offline_store.connection import Connection
from offline_store.documents import Lookup, lookup_of
from offline_store.file_purges import FilePurges
from offline_store.heard import HeardRecords
from offline_store.name_words import NameWords

COLUMNS = "version, position, schema_version, body, patient, visit"


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
        lookup = _lookup(record)
        self._purges.heard(record)
        patient, visit = record.patient or lookup.patient, record.visit or lookup.visit
        cursor = self._connection.execute(
            "INSERT INTO records (record_type, record, version, position, schema_version, body,"
            " patient, visit, at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (record_type, record) DO UPDATE SET version = excluded.version,"
            " position = excluded.position, schema_version = excluded.schema_version,"
            " body = excluded.body, patient = excluded.patient, visit = excluded.visit,"
            " at = excluded.at, state = excluded.state WHERE excluded.position > position",
            (
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
            ),
        )
        if cursor.rowcount > 0 and record.record_type is RecordType.PATIENT:
            self._names.keep(str(record.record), record.body)
        if isinstance(record.record_type, RecordType):
            self._heard.confirmed(record.record_type, record.record)
        return cursor.rowcount > 0

    def forget_positions(self, *, after: int) -> None:
        """Whatever the server says of these records next is newer than what is here."""
        self._connection.execute(
            "UPDATE records SET position = ? WHERE position > ?", (after, after)
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
