"""Removing what was entered in error: a record, what hangs on it, all that was said of it, its
files. Every device hears of it by the feed and destroys what it has; the audit keeps who did what.

Of a patient or a visit all of its records go.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from app.domain.audit import Act
from app.domain.changes import GoneReason, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, VisitId
from app.domain.visits import VisitState
from server.audit_trail import append, event_of
from server.calls.store import forget_report
from server.departures import Departure, keep_departure
from server.recordings.erasing import erase, files_of
from server.records import StoredRecord, find, of_patient, take_out
from server.sync.store import forget_history

# Where a document names what it hangs on: a conflict its record, a receipt its message.
HANGS_ON = ("record", "message", "recording", "still")


@dataclass(frozen=True, slots=True)
class Removed:
    """`files` are to be taken from the shelf."""

    records: int
    files: list[str]


def remove(connection: Connection, record: UUID, now: datetime) -> Removed:
    """In one transaction. Rejected(NOT_FOUND) of an id that no record has; NOT_ALLOWED while a
    visit of it runs."""
    found = find(connection, record)
    if found is None or found.patient is None:
        raise Rejected(Code.NOT_FOUND, "no record has this id")
    going = _with_what_hangs_on_it(found, of_patient(connection, found.patient))
    if any(_is_running(one) for one in going):
        raise Rejected(Code.NOT_ALLOWED, "a visit of this is running")
    files = [
        name for one in going if files_of(one) for name in erase(connection, one.id, now).files
    ]
    for gone in _departures(found, going):  # first: the newest position must not be given twice
        keep_departure(connection, gone)
    for one in going:
        forget_history(connection, one.id)
        forget_report(connection, one.id)
        take_out(connection, one.id)
    event = event_of(
        Act.RECORD_REMOVED,
        now,
        patient=PatientId(found.patient),
        visit=None if found.visit is None else VisitId(found.visit),
        subject=record,
    )
    append(connection, event)
    return Removed(len(going), files)


def _departures(found: StoredRecord, going: list[StoredRecord]) -> list[Departure]:
    assert found.patient is not None
    if found.record_type is RecordType.PATIENT:
        return [Departure(found.patient, GoneReason.REMOVED)]
    return [Departure(found.patient, GoneReason.REMOVED, one.id) for one in going]


def _with_what_hangs_on_it(
    found: StoredRecord, of_the_patient: list[StoredRecord]
) -> list[StoredRecord]:
    if found.record_type is RecordType.PATIENT:
        return of_the_patient
    going, names = [found], {str(found.id)}
    is_more = True
    while is_more:  # a receipt of a message, and the conflict over that receipt
        more = [
            one
            for one in of_the_patient
            if str(one.id) not in names
            and (
                (found.record_type is RecordType.VISIT and one.visit == found.id)
                or any(one.document.get(name) in names for name in HANGS_ON)
            )
        ]
        going += more
        names |= {str(one.id) for one in more}
        is_more = bool(more)
    return going


def _is_running(record: StoredRecord) -> bool:
    is_visit = record.record_type is RecordType.VISIT
    return is_visit and record.document["state"] == VisitState.IN_VISIT
