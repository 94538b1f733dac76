"""The table of records as the server confirmed them: the only place that writes it."""

import json
from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from app.domain.changes import SCHEMA_VERSION, ConfirmedRecord, RecordType
from app.domain.failures import Code, Untrusted
from app.domain.ids import PatientId, RecordId, VisitId
from offline_store.connection import Connection, SqlValue
from offline_store.counters import Counter
from offline_store.documents import Lookup, lookup_of
from offline_store.file_purges import FilePurges
from offline_store.heard import HeardRecords
from offline_store.kept import Kept
from offline_store.name_words import NameWords

BEHIND = 2**52  # more than any feed's positions
FEED_BEHIND_LOAD = "feed-behind-load"  # there until the feed behind a load was followed to its end
FEED_SWEEP = "feed-sweep"  # there while a load runs, after which goes what it did not bring
COLUMNS = "version, position, schema_version, body, patient, visit"
PLACES = """
SELECT r.record_type, r.record, r.position, r.version, r.standing FROM json_each(?) told
CROSS JOIN records r ON r.record = told.value
"""
# With how far the feed was followed: asked for each answer of a push, in one go.
PLACE = """
SELECT (SELECT value FROM counters WHERE name = :name), r.position, r.version, r.standing
FROM (SELECT 1)
LEFT JOIN records r ON r.record = :record AND r.record_type = :record_type
"""
KEEP = """
INSERT INTO records
  (record_type, record, version, position, schema_version, body, patient, visit, at, state,
   standing)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (record_type, record) DO UPDATE SET
  version = excluded.version, position = excluded.position,
  schema_version = excluded.schema_version, body = excluded.body, patient = excluded.patient,
  visit = excluded.visit, at = excluded.at, state = excluded.state, standing = excluded.standing
WHERE (excluded.position, excluded.version) > (position, version) OR standing <> 0
"""


OF_PATIENT = """
UPDATE records SET standing = :missed
WHERE standing = :not_loaded AND patient = :patient
  AND record_type IN (SELECT value FROM json_each(:types))
"""
OF_PATIENTS = """
UPDATE records SET standing = :becomes
WHERE standing = :not_loaded AND EXISTS (
  SELECT 1 FROM records p
  WHERE p.record = coalesce(records.patient, records.record) AND p.record_type = 'patient'
    AND p.standing = :patients)
"""


class Standing(IntEnum):
    """How a record stands to the server's history. Of all but TOLD any word of its is newer."""

    TOLD = 0
    NOT_LOADED = 1  # a load runs which has not brought it: afterwards what is still so leaves
    DOUBTED = 2  # of before a server was put back from a backup, and not told since
    AWAITED = 3  # the feed tells it again from where this desk stands, or it is lost there
    MISSED = 4  # a load brought its patient and not it: removed, unless the feed behind it tells it


class Place(NamedTuple):
    """Where a record stands in the feed."""

    position: int
    version: int
    standing: int

    def is_newer_than(self, here: "Place") -> bool:
        """Of one position the later version is: of a chain of changes about a patient who is not
        seen here, the server says only where it ends.
        """
        is_later = (self.position, self.version) > (here.position, here.version)
        return is_later or here.standing != Standing.TOLD


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

        While a load runs it has to be brought by that, too: what a load does not bring is of a
        patient who is not seen here any more.
        """
        key, standing = _key(record), Standing.TOLD
        asked = {"record": key[1], "record_type": key[0], "name": Counter.FEED_POSITION}
        loaded_until, *place = self._connection.execute(PLACE, asked).fetchone() or (0, None)
        known = {} if place[0] is None else {key: Place(*place)}
        if not loaded_until and (not known or known[key].standing != Standing.TOLD):
            standing = Standing.NOT_LOADED
            self._kept.keep_text(FEED_SWEEP, "1")
        return bool(self._keep([record], known, standing))

    def keep_newer(self, told: Sequence[ConfirmedRecord]) -> list[ConfirmedRecord]:
        """Those that were newer than what was here, in their order."""
        return self._keep(told, self._places(told), Standing.TOLD)

    def _keep(
        self,
        told: Sequence[ConfirmedRecord],
        known: "dict[tuple[str, str], Place]",
        standing: Standing,
    ) -> list[ConfirmedRecord]:
        newer = []
        names: dict[str, str] = {}  # of patients who were not here
        for record in told:
            lookup, key = _lookup(record), _key(record)
            self._purges.heard(record)
            before = known.get(key)
            place = Place(record.position, record.version, standing)
            if before is not None and not place.is_newer_than(before):
                continue
            if record.record_type is RecordType.PATIENT:
                if before is None or key[1] in names:
                    names[key[1]] = lookup.names
                else:
                    self._names.keep(key[1], lookup.names)
            known[key] = place
            newer.append((record, lookup))
        rows = ((*_row(record, lookup), standing) for record, lookup in newer)
        self._connection.executemany(KEEP, rows)
        self._names.add(names)
        self._heard.confirmed(told)
        return [record for record, _ in newer]

    def _places(self, told: Sequence[ConfirmedRecord]) -> "dict[tuple[str, str], Place]":
        """Of those that are here, by type and id."""
        if not told:
            return {}
        asked = json.dumps([str(record.record) for record in told])
        rows = self._connection.execute(PLACES, (asked,))
        return {(kind, record): Place(*place) for kind, record, *place in rows}

    def told_again(self, told: Sequence[ConfirmedRecord]) -> list[ConfirmedRecord]:
        """Those that are here as they are told, at an earlier place: so all of a patient is who
        comes into a scope.
        """
        known = self._places(told)
        return [
            record
            for record in told
            if (before := known.get(_key(record))) is not None
            and (before.version, before.standing) == (record.version, Standing.TOLD)
            and before.position < record.position
        ]

    def are_told(self, patients: Sequence[PatientId]) -> set[PatientId]:
        """Which of them are here, as the server's history has them."""
        rows = self._connection.execute(
            "SELECT r.record FROM json_each(?) asked CROSS JOIN records r"
            " ON r.record = asked.value AND r.record_type = 'patient' AND r.standing = ?",
            (json.dumps([str(patient) for patient in patients]), Standing.TOLD),
        )
        return {PatientId(UUID(record)) for (record,) in rows}

    def begin_load(self) -> None:
        """All of them are to be brought, but for what a server forgot."""
        self._connection.execute(
            "UPDATE records SET standing = ? WHERE standing <> ?",
            (Standing.NOT_LOADED, Standing.DOUBTED),
        )
        self._kept.keep_text(FEED_SWEEP, "1")

    def is_swept(self) -> bool:
        """Whether something is marked as not loaded, or doubted, since the load began."""
        return self._kept.text(FEED_SWEEP) is not None

    def end_load(self, as_of: int) -> None:
        """Before it is asked what was not brought."""
        self._connection.execute(
            "UPDATE records SET standing = ? WHERE standing = ? AND position > ?",
            (Standing.AWAITED, Standing.NOT_LOADED, as_of),
        )
        # Of patients whom an answer brought beyond the load the feed will say whether they are seen
        # here, as of those who left or came while it ran.
        for patients, becomes in (
            (Standing.AWAITED, Standing.AWAITED),
            (Standing.TOLD, Standing.MISSED),
        ):
            self._connection.execute(
                OF_PATIENTS,
                {"becomes": becomes, "patients": patients, "not_loaded": Standing.NOT_LOADED},
            )
        # What a server forgot has no place among what it tells from now on: it stands behind that,
        # in the order in which it stood.
        self._connection.execute(
            "UPDATE records SET position = position - ? WHERE standing = ? AND position > 0",
            (BEHIND, Standing.DOUBTED),
        )
        self._kept.keep_text(FEED_SWEEP, None)
        self._kept.keep_text(FEED_BEHIND_LOAD, "1")

    def comes_back(self, patient: PatientId, types: Sequence[str]) -> None:
        """Whom a load did not bring the feed tells whole: what it does not tell of them is gone."""
        self._connection.execute(
            OF_PATIENT,
            {
                "missed": Standing.MISSED,
                "not_loaded": Standing.NOT_LOADED,
                "patient": str(patient),
                "types": json.dumps(list(types)),
            },
        )
        self._kept.keep_text(FEED_BEHIND_LOAD, "1")

    def doubt_all(self) -> None:
        """The server is not the one that was seen: nobody knows what it has of them."""
        self._stand_all(Standing.DOUBTED)
        self._kept.keep_text(FEED_SWEEP, "1")

    def await_again(self, *, after: int) -> None:
        """The server was started again, and may have lost what came behind that position."""
        self._connection.execute(
            "UPDATE records SET standing = ? WHERE standing = ? AND position > ?",
            (Standing.AWAITED, Standing.TOLD, after),
        )

    def all_leave(self) -> None:
        """Nothing that is here has been told to who sits here now."""
        self._stand_all(Standing.NOT_LOADED)

    def _stand_all(self, standing: Standing) -> None:
        self._connection.execute(
            "UPDATE records SET standing = ?1 WHERE standing <> ?1", (standing,)
        )


def _key(record: ConfirmedRecord) -> tuple[str, str]:
    return str(record.record_type), str(record.record)


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
