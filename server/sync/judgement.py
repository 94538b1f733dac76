"""One change, judged and written: the answer to it, its record and its audit event together.

A change that is known gets the answer it had; one that was refused is judged again, because what it
lacked may have arrived meanwhile, and is told to the audit only when the answer differs.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection

from app.contract.sync import ChangeBody, ChangeResultOut, RecordOut
from app.domain.audit import Act
from app.domain.changes import SCHEMA_VERSION, Change, Outcome, RecordType
from app.domain.failures import Code, Conflict, Rejected
from app.domain.ids import PatientId, PersonId, VisitId
from app.domain.merging import keeps_conflicts, stands_as_seen
from server import records, scopes
from server.accounts.service import role_of_author
from server.audit_trail import append, event_of
from server.auth import Caller
from server.calls.service import judge_call_report, judge_ladder_step
from server.database import remembered
from server.judging import Judge, Submission, Verdict
from server.messages.service import judge_message, judge_receipt
from server.notes.service import judge_note
from server.patients.service import judge_patient
from server.recordings.labels import judge_sound_label
from server.recordings.service import Recordings
from server.records import (
    FILE_KEY,
    RecordRow,
    StoredRecord,
    find,
    find_of_type,
    store,
    without_file_keys,
)
from server.scopes import must_see
from server.stills.service import judge_still, judge_still_marks
from server.sync.conflicts import judge_conflict, keep_conflict
from server.sync.page_text import record_text
from server.sync.store import Op, keep_op, ops_with
from server.visits.service import judge_visit
from server.vitals.service import judge_reading

KNOWN = "judged changes"
RECORD_TYPES = tuple(RecordType)  # what is sent may be anything, also what has no hash
COUNTER_MAX = 2**53  # what every JSON reader keeps exact


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    code: Code | None
    record: StoredRecord | None
    conflict: StoredRecord | None = None
    position: int | None = None
    version: int | None = None


class Judgement:
    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self._judges: dict[RecordType, Judge] = {
            RecordType.PATIENT: judge_patient,
            RecordType.VISIT: judge_visit,
            RecordType.NOTE: judge_note,
            RecordType.MESSAGE: judge_message(recordings.wrapped_key),
            RecordType.RECEIPT: judge_receipt,
            RecordType.READING: judge_reading,
            RecordType.RECORDING: recordings.judge,
            RecordType.SOUND_LABEL: judge_sound_label,
            RecordType.STILL: judge_still(recordings.wrapped_key),
            RecordType.STILL_MARKS: judge_still_marks,
            RecordType.LADDER_STEP: judge_ladder_step,
            RecordType.CALL_REPORT: judge_call_report,
            RecordType.CONFLICT: judge_conflict,
        }

    def look_up(self, connection: Connection, sent: Sequence[dict[str, Any]]) -> None:
        """Which of these were judged before, what stands there, and whom their authors see.

        Asked once, remembered while the transaction lasts; what is no id is not asked for.
        """
        ids = [_id_of(one) for one in sent]
        remembered(connection)[KNOWN] = ops_with(connection, ids) if ids else {}
        records.look_up(connection, [*ids, *_ids_in(sent, "record", "visit", "patient")])
        patients = _ids_in(sent, "patient")
        for author in _ids_in(sent, "author"):
            scopes.look_up(connection, PersonId(author), patients)

    def settle(
        self, connection: Connection, who: Caller, sent: dict[str, Any], now: datetime
    ) -> ChangeResultOut:
        """Rejected(MALFORMED) only when the change has no id to answer to."""
        change_id = _id_of(sent)
        try:
            text = _canonical(sent)
        except (ValueError, RecursionError):  # not a number, half a character, no end of depth
            return self._refused_unread(connection, who, change_id, now)
        digest = hashlib.sha256(text).hexdigest()
        known = _known(connection, change_id)
        if known is not None and known.body_sha256 != digest:
            _tell(connection, who, change_id, None, _refused(Code.OP_REUSED), now)
            return self._out(change_id, _refused(Code.OP_REUSED))
        if known is not None and known.outcome is Outcome.ACCEPTED:
            record = find(connection, known.record)
            answer = _Answer(Outcome.ALREADY_THERE, None, record)
            return self._told(connection, who, change_id, answer)
        if known is not None and known.outcome is Outcome.CONFLICT:
            kept = find_of_type(connection, change_id, RecordType.CONFLICT)
            if kept is not None:  # it lies before a person: what stands there now changes nothing
                answer = _in_conflict(find(connection, known.record), kept)
                return self._told(connection, who, change_id, answer)
        change, answer = self._judge(connection, who, sent, now)
        if known is None or (known.outcome, known.code) != (answer.outcome, answer.code):
            op = _op(change_id, change, text, digest, answer, who)
            keep_op(connection, op, now, is_known=known is not None)
            remembered(connection).get(KNOWN, {})[change_id] = op
            if answer.outcome is not Outcome.ACCEPTED:
                _tell(connection, who, change_id, change, answer, now)
        return self._told(connection, who, change_id, answer)

    def _refused_unread(
        self, connection: Connection, who: Caller, change_id: UUID, now: datetime
    ) -> ChangeResultOut:
        answer = _refused(Code.MALFORMED)
        _tell(connection, who, change_id, None, answer, now)
        return self._out(change_id, answer)

    def _judge(
        self, connection: Connection, who: Caller, sent: dict[str, Any], now: datetime
    ) -> tuple[Change | None, _Answer]:
        change: Change | None = None
        try:
            change = _change_of(sent)
            verdict, current = self._verdict(connection, who, change)
        except Conflict:
            assert change is not None
            current = find(connection, change.record)
            kept = None
            if current is not None and _keeps_conflict(change):
                kept = keep_conflict(connection, change, current, now)
            return change, _in_conflict(current, kept)
        except Rejected as refusal:
            return change, _refused(refusal.code)
        record = store(
            connection,
            StoredRecord(
                id=change.record,
                record_type=change.record_type,
                version=1 if current is None else current.version + 1,
                schema_version=change.schema,
                document=verdict.document,
                patient=verdict.patient,
                visit=verdict.visit,
                file_sha256=verdict.file_sha256,
            ),
        )
        event = event_of(
            verdict.act,
            now,
            actor=change.author,
            device=change.device,
            patient=PatientId(verdict.patient),
            visit=None if verdict.visit is None else VisitId(verdict.visit),
            subject=change.record,
        )
        append(connection, event)
        return change, _Answer(Outcome.ACCEPTED, None, record)

    def _verdict(
        self, connection: Connection, who: Caller, change: Change
    ) -> tuple[Verdict, StoredRecord | None]:
        """Rejected, or what the record becomes. Who may and whose it is comes first, then what
        stands there."""
        if change.device != who.device:
            raise Rejected(Code.NOT_ALLOWED)
        role = role_of_author(connection, change.author, change.device)
        if role is None:
            raise Rejected(Code.NOT_ALLOWED)
        current = find(connection, change.record)
        if current is None and change.base_version != 0:
            raise Rejected(Code.NOT_FOUND)
        if current is not None and current.record_type is not change.record_type:
            raise Rejected(Code.MALFORMED)
        if current is not None:
            must_see(connection, change.author, current.patient)
        submission = Submission(change, role, current)
        if current is None or stands_as_seen(current.document, current.version, change):
            verdict = self._judges[change.record_type](connection, submission)
            must_see(connection, change.author, verdict.patient)
            return verdict, current
        if _keeps_conflict(change):  # what may never be is refused, and no conflict
            self._judges[change.record_type](connection, submission)
        raise Conflict

    def _told(
        self, connection: Connection, who: Caller, change_id: UUID, answer: _Answer
    ) -> ChangeResultOut:
        """Of a patient whom the caller does not see: where the record stands, and no more. They may
        have left, or the author is another one than who sits at that device now."""
        record = answer.record
        if record is not None and not scopes.sees(connection, who.person, record.patient):
            answer = replace(
                answer,
                record=None,
                conflict=None,
                position=record.position,
                version=record.version,
            )
        return self._out(change_id, answer)

    def _out(self, change_id: UUID, answer: _Answer) -> ChangeResultOut:
        record = None if answer.record is None else self.record_out(answer.record)
        conflict = None if answer.conflict is None else self.record_out(answer.conflict)
        return ChangeResultOut(
            change=change_id,
            outcome=answer.outcome,
            code=answer.code,
            record=record,
            conflict=conflict,
            position=answer.position,
            version=answer.version,
        )

    def record_text(self, row: RecordRow) -> str:
        """The same as `record_out` of one that is only handed on."""
        return record_text(row, self._recordings.opened_text(row))

    def record_out(self, record: StoredRecord) -> RecordOut:
        record = self._recordings.opened(record)
        return RecordOut(
            record_type=record.record_type,
            record=record.id,
            version=record.version,
            position=record.position,
            schema_version=record.schema_version,
            document=record.document,
            patient=record.patient,
            visit=record.visit,
        )


def _known(connection: Connection, change: UUID) -> Op | None:
    looked_up: dict[UUID, Op | None] = remembered(connection).get(KNOWN, {})
    if change not in looked_up:
        looked_up = ops_with(connection, [change])
    return looked_up[change]


def _keeps_conflict(change: Change) -> bool:
    """A record made under an id that is taken is nothing that a person could decide."""
    return change.base_version > 0 and keeps_conflicts(change.record_type)


def _in_conflict(current: StoredRecord | None, kept: StoredRecord | None) -> _Answer:
    return _Answer(Outcome.CONFLICT, Code.CONFLICT, current, kept)


def _refused(code: Code) -> _Answer:
    return _Answer(Outcome.REFUSED, code, None)


def _ids_in(sent: Sequence[dict[str, Any]], *names: str) -> list[UUID]:
    """Each once, in the order in which they are named; what is no id is left out."""
    said = (one.get(name) for one in sent for name in names)
    found = []
    for text in dict.fromkeys(text for text in said if isinstance(text, str)):
        with suppress(ValueError):
            found.append(UUID(text))
    return found


def _id_of(sent: dict[str, Any]) -> UUID:
    try:
        return UUID(sent["id"])
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise Rejected(Code.MALFORMED, "a change without an id") from error


ONE_FORM = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def _canonical(sent: dict[str, Any]) -> bytes:
    """The body in one form, whatever the order of its fields; ValueError when it has none."""
    return ONE_FORM.encode(sent).encode()


def _change_of(sent: dict[str, Any]) -> Change:
    schema = sent.get("schema_version")
    if isinstance(schema, int) and schema > SCHEMA_VERSION:  # its type and fields may be new, too
        raise Rejected(Code.SCHEMA_TOO_NEW)
    if sent.get("record_type") not in RECORD_TYPES:
        raise Rejected(Code.UNKNOWN_RECORD_TYPE)
    try:
        change = ChangeBody.model_validate(sent).to_domain()
    except (ValidationError, OverflowError) as error:
        raise Rejected(Code.MALFORMED, "a change does not fit") from error
    if change.counter > COUNTER_MAX or change.base_version > COUNTER_MAX:
        raise Rejected(Code.MALFORMED, "a number out of bounds")
    return change


def _op(
    change_id: UUID,
    change: Change | None,
    text: bytes,
    digest: str,
    answer: _Answer,
    who: Caller,
) -> Op:
    kept = "" if answer.outcome is Outcome.REFUSED else text.decode()
    if FILE_KEY in kept:  # the history holds none: the record has it, wrapped
        kept = json.dumps(without_file_keys(json.loads(kept)))
    return Op(
        id=change_id,
        record=change_id if change is None else change.record,
        body_sha256=digest,
        outcome=answer.outcome,
        code=answer.code,
        device=who.device,
        change=kept,
    )


def _tell(
    connection: Connection,
    who: Caller,
    change_id: UUID,
    change: Change | None,
    answer: _Answer,
    now: datetime,
) -> None:
    is_conflict = answer.outcome is Outcome.CONFLICT
    event = event_of(
        Act.CHANGE_CONFLICT if is_conflict else Act.CHANGE_REFUSED,
        now,
        actor=PersonId(who.person),
        device=who.device,
        patient=None if change is None else change.patient,
        visit=None if change is None else change.visit,
        subject=change_id if change is None else change.record,
        code=answer.code,
    )
    append(connection, event)
