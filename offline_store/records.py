"""Records as the screens see them, and the feed's pages as they arrive.

Reads only the views `*_shown`; what is confirmed is written through `confirmed`.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID

from app.domain.call_log import CallReport, LadderStep
from app.domain.changes import (
    BY_ITSELF,
    SCHEMA_VERSION,
    ConfirmedRecord,
    FeedCursor,
    FeedPage,
    RecordType,
)
from app.domain.conflicts import Conflict
from app.domain.failures import Code, Untrusted
from app.domain.ids import ChangeId, PatientId, RecordId, VisitId
from app.domain.messages import Message, Receipt, as_told
from app.domain.notes import Note
from app.domain.patients import Patient
from app.domain.reading import Reading
from app.domain.recordings import Recording
from app.domain.sound_labels import SoundLabel
from app.domain.stills import Still, StillMarks
from app.domain.worklist import WorklistRow
from offline_store.asked_again import AskedAgain
from offline_store.attachments import Attachments
from offline_store.audit_log import AuditLog
from offline_store.confirmed import FEED_BEHIND_LOAD, ConfirmedRecords
from offline_store.connection import (
    LOG_PAGES,
    LOG_PAGES_OF_LOAD,
    Connection,
    bring_log_in_at,
)
from offline_store.counters import Counter, forget, raise_to, value_of
from offline_store.departures import Departures
from offline_store.documents import (
    call_report_of,
    conflict_of,
    ladder_step_of,
    message_of,
    microseconds,
    note_of,
    patient_of,
    reading_of,
    receipt_of,
    recording_of,
    sound_label_of,
    still_marks_of,
    still_of,
    visit_of,
)
from offline_store.heard import HeardRecords
from offline_store.kept import Kept
from offline_store.name_words import NameWords
from offline_store.outbox import Outbox

log = logging.getLogger(__name__)

VISIT = """
SELECT record, body, is_pending, patient, at FROM visits_shown WHERE record = ?
"""
# Three questions that each have an index; as one with OR, SQLite would read every visit there is.
WORKLIST = """
SELECT record, body, is_pending, patient, at FROM visits_shown WHERE at >= :start AND at < :end
UNION
SELECT record, body, is_pending, patient, at FROM visits_shown WHERE state = 'booked' AND at < :end
UNION
SELECT record, body, is_pending, patient, at FROM visits_shown
WHERE state IN ('checked-in', 'in-visit')
ORDER BY at, record
"""
# Asked for each visit: SQLite would read all patients to join two views of this kind.
PATIENT = """
SELECT body FROM patients_shown WHERE record = ?
"""
# Newest first, by no device's clock: what is made here after what is confirmed, by its counter;
# what is confirmed by its place in the feed. None of these is ever changed once it is made.
NEWEST_FIRST = """
ORDER BY
  (SELECT r.position FROM records r
   WHERE r.record = shown.record AND r.record_type = shown.record_type) DESC NULLS FIRST,
  (SELECT min(o.counter) FROM outbox o
   WHERE o.record_type = shown.record_type AND o.record = shown.record) DESC
"""
# Of what waits here, what was heard stands behind what was written here before it was heard.
NEWEST_TOLD_FIRST = "ORDER BY position DESC NULLS FIRST, counter DESC, number DESC"
NOTES = f"""
SELECT record, body, version, is_pending FROM notes_shown
WHERE patient = ? {NEWEST_TOLD_FIRST}
"""  # noqa: S608  # a constant
READINGS = f"""
SELECT record, body, version, is_pending FROM readings_shown
WHERE patient = ? {NEWEST_TOLD_FIRST}
"""  # noqa: S608  # a constant
RECORDINGS = f"""
SELECT record, body, version, is_pending FROM recordings_shown AS shown
WHERE patient = ? {NEWEST_FIRST}
"""  # noqa: S608  # a constant
SOUND_LABELS = f"""
SELECT record, body, version, is_pending FROM sound_labels_shown AS shown
WHERE patient = ? {NEWEST_FIRST}
"""  # noqa: S608  # a constant
STILLS = f"""
SELECT record, body, version, is_pending FROM stills_shown AS shown
WHERE patient = ? {NEWEST_FIRST}
"""  # noqa: S608  # a constant
STILL_MARKS = f"""
SELECT record, body, version, is_pending FROM still_marks_shown AS shown
WHERE patient = ? {NEWEST_FIRST}
"""  # noqa: S608  # a constant
MESSAGES = f"""
SELECT record, body, version, is_pending FROM messages_shown
WHERE visit = ? {NEWEST_TOLD_FIRST}
"""  # noqa: S608  # a constant
RECEIPTS = """
SELECT record, body FROM receipts_shown WHERE visit = ?
"""
LADDER_STEPS = f"""
SELECT record, body, version, is_pending FROM ladder_steps_shown AS shown
WHERE visit = ? {NEWEST_FIRST}
"""  # noqa: S608  # a constant
CALL_REPORTS = f"""
SELECT record, body, version, is_pending FROM call_reports_shown AS shown
WHERE visit = ? {NEWEST_FIRST}
"""  # noqa: S608  # a constant

# Of what people wrote each has its time beside it, unless only a later release can read it. Asked
# of the index: no row that can be read is touched, however many there are.
UNREADABLE = """
WITH RECURSIVE types(name) AS (
  SELECT min(record_type) FROM records
  UNION ALL
  SELECT (SELECT min(record_type) FROM records WHERE record_type > name)
  FROM types WHERE name IS NOT NULL)
SELECT (
  SELECT count(*) FROM json_each(:dated) AS type
  CROSS JOIN records r ON r.record_type = type.value AND r.patient = :patient AND r.at IS NULL
  WHERE r.schema_version > :schema
) + (
  SELECT count(*) FROM types
  CROSS JOIN records r ON r.record_type = types.name AND r.patient = :patient
  WHERE types.name NOT IN (SELECT value FROM json_each(:known))
)
"""
KNOWN = json.dumps([*RecordType])
DATED = json.dumps([*({*RecordType} - BY_ITSELF - {RecordType.PATIENT, RecordType.CONFLICT})])

# What waits for a person first, then what was decided.
CONFLICTS = """
SELECT record, body, version, is_pending FROM shown
WHERE record_type = 'conflict' ORDER BY state, at DESC, record
"""
CONFLICT = """
SELECT record, body, version, is_pending FROM shown
WHERE record_type = 'conflict' AND record = ?
"""

FEED_CURSOR, FEED_EPOCH, FEED_LOAD = "feed-cursor", "feed-epoch", "feed-load"
FEED_TURNED = "feed-turned"  # there while a load runs in which the server was started anew
FEED_SCOPE = "feed-scope"  # the mark of those whom the feed tells of here

RowT = TypeVar("RowT")


class Records:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._confirmed = ConfirmedRecords(connection)
        self._outbox = Outbox(connection)
        self._asked_again = AskedAgain(connection, self._outbox)
        self._attachments = Attachments(connection)
        self._audit_log = AuditLog(connection)
        self._kept = Kept(connection)
        self._departures = Departures(connection)
        self._heard = HeardRecords(connection)

    def feed_position(self) -> int:
        return value_of(self._connection, Counter.FEED_POSITION)

    def feed_cursor(self) -> FeedCursor:
        position = self.feed_position()
        load = None if position else self._kept.text(FEED_LOAD) or ""
        return FeedCursor(position, self._kept.text(FEED_CURSOR), load)

    def begin_anew(self) -> None:
        """What is shown stays until the server's word for it comes, be that an older one."""
        forget(self._connection, Counter.FEED_POSITION)
        self._audit_log.ask_again()
        self._forget_place()
        self._confirmed.doubt_all()
        self._attachments.ask_again()
        self._asked_again.all(after=-1)

    def load_scope(self) -> None:
        """Others are to be seen here now: all of them are loaded, then goes who is not of them."""
        # If the server was started again meanwhile, it may have lost what came after this.
        self._asked_again.all(after=self.feed_position())
        forget(self._connection, Counter.FEED_POSITION)
        # The cursor stays: by it the server says whether its history is still the one we saw.
        self._kept.keep_text(FEED_LOAD, None)
        self._confirmed.begin_load()

    def leave_scope(self, scope: str) -> list[str]:
        """Somebody else sits here. Whom only the one before saw goes before anything is shown.

        The files that went with them; nothing goes when both see the same.
        """
        if self._kept.text(FEED_SCOPE) in (None, scope):
            return []
        self.load_scope()
        return self._departures.all_leave()

    def _forget_place(self) -> None:
        for name in (FEED_CURSOR, FEED_EPOCH, FEED_LOAD, FEED_TURNED, FEED_BEHIND_LOAD):
            self._kept.keep_text(name, None)

    def apply(self, page: FeedPage) -> None:
        """A page and its cursor, whole. A page that does not continue ours is stale: left out."""
        if page.since != self.feed_position():
            return
        if page.until < page.since:
            raise Untrusted(Code.MALFORMED, f"feed page after {page.since}")
        self._notice_epoch(page)
        pending = self._pending() if page.records else set()
        for gone in page.gone:
            self._departures.heard(gone)
            if gone.record is not None:
                self._heard.gone(gone.record)
        may_come_back = self._departures.are_any()
        coming = self._coming(page)
        newer = self._confirmed.keep_newer(page.records)
        for record in newer:
            is_pending = (str(record.record_type), str(record.record)) in pending
            if is_pending and isinstance(record.record_type, RecordType):
                self._outbox.lay_over(record.record_type, record.record)
        for record in page.records:
            if may_come_back:
                self._departures.came_back(record)
            self._outbox.let_go_if_decided(record)
        self._asked_again.of_patients(coming)
        raise_to(self._connection, Counter.FEED_POSITION, page.until)
        self._keep_cursor(page)

    def _coming(self, page: FeedPage) -> list[PatientId]:
        """Of those about whom something was refused because they were not seen: who is, now.

        Who went and came back between two looks is known by what is told again and is no newer.
        """
        refused = self._asked_again.patients_unseen()
        if not refused:
            return []
        of_them = [one for one in page.records if _patient_of(one) in refused]
        told = sorted({_patient_of(one) for one in of_them if one.record in refused})
        stay = self._confirmed.are_told(told) - self._departures.leaving(told)
        back = {_patient_of(one) for one in self._confirmed.told_again(of_them)}
        return sorted(set(told) - stay | back)

    def _pending(self) -> set[tuple[str, str]]:
        rows = self._connection.execute("SELECT DISTINCT record_type, record FROM outbox")
        return set(rows.fetchall())

    def _notice_epoch(self, page: FeedPage) -> None:
        """Up to here it is the history that we know; what came later the server may have lost."""
        if page.epoch is not None and self._kept.text(FEED_EPOCH) not in (None, page.epoch):
            if page.since > 0:
                self._confirmed.await_again(after=page.since)
            else:  # up to where a load leads, which its last page says
                self._kept.keep_text(FEED_TURNED, "1")
            self._asked_again.all(after=page.since)
            self._audit_log.ask_again()

    def _keep_cursor(self, page: FeedPage) -> None:
        self._kept.keep_text(FEED_LOAD, page.load)
        bring_log_in_at(self._connection, LOG_PAGES if page.load is None else LOG_PAGES_OF_LOAD)
        if page.epoch is not None:  # None: an earlier release's server
            self._kept.keep_text(FEED_EPOCH, page.epoch)
        if page.cursor is not None:
            self._kept.keep_text(FEED_CURSOR, page.cursor)
        if page.scope is not None:
            self._kept.keep_text(FEED_SCOPE, page.scope)
        if page.load is None and page.since == 0:
            self._end_load(page.until)
        if not page.has_more and self._kept.text(FEED_BEHIND_LOAD) is not None:
            self._departures.end_feed()
            self._kept.keep_text(FEED_BEHIND_LOAD, None)

    def _end_load(self, as_of: int) -> None:
        if self._confirmed.is_swept():
            self._confirmed.end_load(as_of)
            self._departures.end_load()
        if self._kept.text(FEED_TURNED) is not None:
            self._confirmed.await_again(after=as_of)
            self._kept.keep_text(FEED_TURNED, None)

    def confirmed(self, record_type: RecordType, record: RecordId) -> ConfirmedRecord | None:
        return self._confirmed.find(record_type, record)

    def worklist(self, day: date) -> list[WorklistRow]:
        """Visits that start on that local day, and those of before that are not finished.

        A visit of a later day is not listed until somebody has begun it.
        """
        start, end = _bounds(day)
        parameters = {"start": microseconds(start), "end": microseconds(end)}
        return self._with_patients(self._connection.execute(WORKLIST, parameters))

    def visit_row(self, visit: VisitId) -> WorklistRow | None:
        """None also while the visit's patient has not arrived."""
        rows = self._with_patients(self._connection.execute(VISIT, (str(visit),)))
        return rows[0] if rows else None

    def patient(self, patient: PatientId) -> Patient | None:
        row = self._connection.execute(PATIENT, (str(patient),)).fetchone()
        found = _made([] if row is None else [(str(patient), row[0])], patient_of)
        return next(iter(found), None)

    def _with_patients(self, visits: Iterable[tuple[Any, ...]]) -> list[WorklistRow]:
        rows = []
        for record, body, is_pending, patient, _ in visits:
            found = self._connection.execute(PATIENT, (patient,)).fetchone()
            if found is not None:
                rows.append((record, body, is_pending, patient, found[0]))
        return _made(rows, _worklist_row)

    def find_patients(self, question: str, limit: int) -> list[Patient]:
        """Of those whom the server confirmed, by the beginnings of names or record number."""
        found = []
        for record in NameWords(self._connection).found(question, limit):
            row = self._connection.execute(PATIENT, (record,)).fetchone()
            found += [] if row is None else [(record, row[0])]
        patients = _made(found, patient_of)
        return sorted(patients, key=lambda one: (one.family_name, one.given_name, str(one.id)))

    def notes(self, patient: PatientId) -> list[Note]:
        """Newest first, like all lists below; also what the far desk told itself."""
        return _made(self._connection.execute(NOTES, (str(patient),)), note_of)

    def readings(self, patient: PatientId) -> list[Reading]:
        return _made(self._connection.execute(READINGS, (str(patient),)), reading_of)

    def recordings(self, patient: PatientId) -> list[Recording]:
        return _made(self._connection.execute(RECORDINGS, (str(patient),)), recording_of)

    def sound_labels(self, patient: PatientId) -> list[SoundLabel]:
        """Withdrawn ones are left out."""
        rows = self._connection.execute(SOUND_LABELS, (str(patient),))
        return [label for label in _made(rows, sound_label_of) if not label.is_withdrawn]

    def stills(self, patient: PatientId) -> list[Still]:
        return _made(self._connection.execute(STILLS, (str(patient),)), still_of)

    def still_marks(self, patient: PatientId) -> list[StillMarks]:
        return _made(self._connection.execute(STILL_MARKS, (str(patient),)), still_marks_of)

    def messages(self, visit: VisitId) -> list[Message]:
        """Also what the far desk told itself; each with what desks say of it."""
        said: dict[RecordId, list[Receipt]] = {}
        for receipt in _made(self._connection.execute(RECEIPTS, (str(visit),)), receipt_of):
            said.setdefault(receipt.message, []).append(receipt)
        found = _made(self._connection.execute(MESSAGES, (str(visit),)), message_of)
        return as_told(
            replace(message, receipts=tuple(said.get(message.id, ()))) for message in found
        )

    def ladder_steps(self, visit: VisitId) -> list[LadderStep]:
        return _made(self._connection.execute(LADDER_STEPS, (str(visit),)), ladder_step_of)

    def unreadable_count(self, patient: PatientId) -> int:
        """Of this patient's records: kept here, and to be read by a later release only."""
        row = self._connection.execute(
            UNREADABLE,
            {"patient": str(patient), "known": KNOWN, "dated": DATED, "schema": SCHEMA_VERSION},
        ).fetchone()
        assert row is not None
        return int(row[0])

    def conflicts(self) -> list[Conflict]:
        """Open ones first."""
        return _made(self._connection.execute(CONFLICTS), conflict_of)

    def conflict(self, change: ChangeId) -> Conflict | None:
        rows = self._connection.execute(CONFLICT, (str(change),))
        return next(iter(_made(rows, conflict_of)), None)

    def call_reports(self, visit: VisitId) -> list[CallReport]:
        return _made(self._connection.execute(CALL_REPORTS, (str(visit),)), call_report_of)


def _patient_of(record: ConfirmedRecord) -> PatientId:
    return record.patient or PatientId(record.record)


def _bounds(day: date) -> tuple[datetime, datetime]:
    """The local day's two midnights, 23 to 25 hours apart."""
    midnight = datetime.combine(day, time.min)
    return midnight.astimezone(), (midnight + timedelta(days=1)).astimezone()


def _made(rows: Iterable[tuple[Any, ...]], make: Callable[..., RowT]) -> list[RowT]:
    """The rows as objects. What only a later release can read is left out, and said by its id."""
    found = []
    for record, *rest in rows:
        try:
            found.append(make(UUID(record), *rest))
        except ValueError:
            log.warning("record %s is of a later release and is not shown", record)
    return found


def _worklist_row(
    visit: UUID, visit_body: bytes, is_pending: int, patient: str, patient_body: bytes
) -> WorklistRow:
    return WorklistRow(
        visit=visit_of(visit, visit_body),
        patient=patient_of(UUID(patient), patient_body),
        is_pending=bool(is_pending),
    )
