"""What whoever runs the server does by hand: add a user, add a visit, verify the audit.

Each works while the server is running or stopped, in a transaction of its own.
"""

from pathlib import Path

from sqlalchemy import Connection

from app.contract.bodies import PatientBody, VisitBody
from app.domain.audit import Witness
from app.domain.clock import SystemClock
from app.domain.ids import DeviceId, PatientId, PersonId, VisitId, new_id
from app.domain.people import Person
from server.accounts.passwords import Passwords
from server.accounts.service import add_account
from server.accounts.standing import readmit, revoke
from server.audit.service import Verified, verify
from server.database import migrate, prepare_folder, read_once, write_once
from server.facts import mark_demonstration
from server.patients.service import add_patient, patient_with_number, refuse_half_a_patient
from server.settings import HashCost
from server.visits.service import add_visit


def add_user(
    database: Path, person: Person, username: str, password: str, *, is_demonstration: bool
) -> PersonId:
    _prepare(database)
    passwords = Passwords(HashCost())
    password_hash = passwords.hash_now(password)
    passwords.close()
    now = SystemClock().now()

    def write(connection: Connection) -> None:
        if is_demonstration:
            mark_demonstration(connection)
        add_account(connection, person, username, password_hash, now)

    write_once(database, write)
    return person.id


def add_patient_and_visit(
    database: Path, patient: PatientBody, visit: VisitBody, *, is_demonstration: bool
) -> tuple[PatientId, VisitId]:
    """A booked visit of a patient, who is new unless the same person has that record number.

    Rejected(WRONG_PATIENT) when another person has it.
    """
    now = SystemClock().now()
    refuse_half_a_patient(patient, now.date())
    _prepare(database)
    visit_id = VisitId(new_id())

    def write(connection: Connection) -> PatientId:
        if is_demonstration:
            mark_demonstration(connection)
        known = patient_with_number(connection, patient)
        patient_id = PatientId(visit.patient) if known is None else known
        if known is None:
            add_patient(connection, patient_id, patient, now)
        add_visit(connection, visit_id, visit.model_copy(update={"patient": patient_id}), now)
        return patient_id

    return write_once(database, write), visit_id


def revoke_device(database: Path, device: DeviceId, *, wipes: bool) -> None:
    now = SystemClock().now()
    _prepare(database)
    write_once(database, lambda connection: revoke(connection, device, wipes=wipes, now=now))


def readmit_device(database: Path, device: DeviceId) -> None:
    now = SystemClock().now()
    _prepare(database)
    write_once(database, lambda connection: readmit(connection, device, now))


def verify_audit(database: Path, witnesses: list[Witness]) -> Verified:
    return read_once(database, lambda connection: verify(connection, witnesses))


def _prepare(database: Path) -> None:
    prepare_folder(database.parent)
    migrate(database)
