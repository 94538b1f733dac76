"""A change that cannot stand beside another's: both versions, in a record of everybody's feed.

It lies under the id of the change that was not applied, so it is made once. What a person makes of
it is a change of that record, and a change of the record it is about.
"""

from datetime import datetime

from sqlalchemy import Connection

from app.contract.bodies import ConflictBody, SideBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import SCHEMA_VERSION, Change, RecordType
from app.domain.failures import Code, Rejected
from server.accounts.service import name_of_device, name_of_person
from server.judging import Submission, Verdict, merged
from server.records import Document, StoredRecord, store
from server.sync.store import Applied, applied_to

DECIDED_BY = {
    RecordType.PATIENT: Action.CHANGE_PATIENT,
    RecordType.NOTE: Action.WRITE_NOTE,
    RecordType.SOUND_LABEL: Action.LABEL_SOUND,
}
KEY_OF_FILE = "file_key"


def keep_conflict(
    connection: Connection, change: Change, current: StoredRecord, now: datetime
) -> StoredRecord:
    """Both versions, field by field: who, when, on which device."""
    mine = {name: value for name, value in change.fields_set.items() if name != KEY_OF_FILE}
    body = ConflictBody(
        record_type=str(change.record_type),
        record=change.record,
        patient=current.patient,
        visit=current.visit,
        base={name: change.previous.get(name) for name in mine},
        mine=_side(connection, Applied(change, now), mine),
        theirs=_theirs(connection, current, change),
    )
    return store(
        connection,
        StoredRecord(
            id=change.id,
            record_type=RecordType.CONFLICT,
            version=1,
            schema_version=SCHEMA_VERSION,
            document=body.model_dump(mode="json"),
            patient=current.patient,
            visit=current.visit,
        ),
    )


def _theirs(connection: Connection, current: StoredRecord, change: Change) -> SideBody:
    """Of who set a value that the author of `change` had not seen; nobody: the server itself."""
    fields = {name: current.document.get(name) for name in change.fields_set if name != KEY_OF_FILE}
    moved = {name for name, value in fields.items() if value != change.previous.get(name)}
    newest_first = applied_to(connection, current.id)
    names = moved or fields.keys()
    applied = (one for one in newest_first if not names.isdisjoint(one.change.fields_set))
    return _side(connection, next(applied, None), fields)


def _side(connection: Connection, applied: Applied | None, fields: Document) -> SideBody:
    if applied is None:
        return SideBody(fields=fields)
    change = applied.change
    return SideBody(
        fields=fields,
        by=change.author,
        by_name=name_of_person(connection, change.author),
        device=change.device,
        device_name=name_of_device(connection, change.device),
        made_at=change.stamp.corrected_time,
        received_at=applied.received_at,
    )


def judge_conflict(connection: Connection, submission: Submission) -> Verdict:
    """Only what became of it, by whoever may change the record that it is about."""
    current, change = submission.current, submission.change
    if current is None or set(change.fields_set) != {"resolution"}:
        raise Rejected(Code.NOT_ALLOWED)
    document, body = merged(submission)
    assert isinstance(body, ConflictBody)
    action = DECIDED_BY.get(RecordType(body.record_type))
    if action is None or not may(submission.role, action):
        raise Rejected(Code.NOT_ALLOWED)
    if change.patient not in (None, current.patient) or current.patient is None:
        raise Rejected(Code.WRONG_PATIENT)
    if body.resolution is not None and body.resolution.by != change.author:
        raise Rejected(Code.NOT_ALLOWED)
    act = Act.CONFLICT_REOPENED if body.resolution is None else Act.CONFLICT_RESOLVED
    return Verdict(document, act, current.patient, current.visit)
