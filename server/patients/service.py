"""Patients: entered by who runs the server; no change from a device touches them yet."""

from datetime import datetime

from sqlalchemy import Connection

from app.contract.bodies import PatientBody
from app.domain.audit import Act
from app.domain.changes import SCHEMA_VERSION, RecordType
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId
from server.audit_trail import append, event_of
from server.judging import Submission, Verdict
from server.records import StoredRecord, store


def judge_patient(connection: Connection, submission: Submission) -> Verdict:
    """No role may, in the table of permissions."""
    raise Rejected(Code.NOT_ALLOWED)


def add_patient(
    connection: Connection, patient: PatientId, body: PatientBody, now: datetime
) -> None:
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
