"""Patients: entered by who runs the server; whoever treats them changes what is not identity."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import PatientBody
from app.domain.access import Action, may
from app.domain.audit import Act
from app.domain.changes import SCHEMA_VERSION, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId
from server.audit_trail import append, event_of
from server.judging import Submission, Verdict, merged
from server.records import StoredRecord, of_type, store
from server.scopes import home_clinic, put_patient

EARLIEST_BIRTH = date(1900, 1, 1)


# Who a patient is stays with who runs the server: two identifiers are read back in each visit.
CHANGEABLE = frozenset({"title", "sex", "allergies"})


def judge_patient(connection: Connection, submission: Submission) -> Verdict:
    current, change = submission.current, submission.change
    if current is None or not CHANGEABLE.issuperset(change.fields_set):
        raise Rejected(Code.NOT_ALLOWED)
    if not may(submission.role, Action.CHANGE_PATIENT):
        raise Rejected(Code.NOT_ALLOWED)
    if change.patient not in (None, current.id):
        raise Rejected(Code.WRONG_PATIENT)
    document, _ = merged(submission)
    return Verdict(document, Act.PATIENT_CHANGED, current.id, None)


def refuse_half_a_patient(body: PatientBody, today: date) -> None:
    """Two identifiers are read back before each visit: neither may be empty or impossible."""
    if not (body.family_name.strip() and body.given_name.strip()):
        raise Rejected(Code.MALFORMED, "a patient has a family name and a given name")
    if not body.record_number.strip():
        raise Rejected(Code.MALFORMED, "a patient has a record number")
    if body.born is None or not EARLIEST_BIRTH <= body.born <= today:
        raise Rejected(Code.MALFORMED, "a day of birth lies in the past, and not before 1900")


def patient_with_number(connection: Connection, body: PatientBody) -> PatientId | None:
    """Who has this record number; Rejected(WRONG_PATIENT) when that is another person."""
    for record in of_type(connection, RecordType.PATIENT):
        if _folded(record.document["record_number"]) != _folded(body.record_number):
            continue
        known = PatientBody.model_validate(record.document)
        if _identity(known) != _identity(body):
            raise Rejected(Code.WRONG_PATIENT, "another patient has this record number")
        return PatientId(record.id)
    return None


def _identity(body: PatientBody) -> tuple[str, str, date | None]:
    return _folded(body.family_name), _folded(body.given_name), body.born


def _folded(words: str) -> str:
    return " ".join(words.split()).casefold()


def add_patient(
    connection: Connection,
    patient: PatientId,
    body: PatientBody,
    now: datetime,
    clinic: UUID | None = None,
) -> None:
    """Of a clinic, the first one where none is said."""
    put_patient(connection, patient, clinic or home_clinic(connection), now)
    store(
        connection,
        StoredRecord(
            id=patient,
            record_type=RecordType.PATIENT,
            version=1,
            schema_version=SCHEMA_VERSION,
            document=body.model_dump(mode="json"),
            patient=patient,
        ),
    )
    append(connection, event_of(Act.PATIENT_ADDED, now, patient=patient, subject=patient))
