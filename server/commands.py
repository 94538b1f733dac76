"""What whoever runs the server does by hand: users, visits, the audit, erasing on order.

Each works while the server is running or stopped, in a transaction of its own.
"""

import errno
import time
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import PatientBody, VisitBody
from app.domain.audit import Witness
from app.domain.clock import SystemClock
from app.domain.failures import Code, Unavailable
from app.domain.ids import DeviceId, PatientId, PersonId, VisitId, new_id
from app.domain.people import Person
from server.accounts.passwords import Passwords
from server.accounts.service import add_account
from server.accounts.standing import readmit, revoke
from server.audit.service import ErasureTold, Verified, told_erasures, verify
from server.database import cut_off_log, migrate, prepare_folder, read_once, write_once
from server.facts import mark_demonstration
from server.patients.service import add_patient, patient_with_number, refuse_half_a_patient
from server.recordings.erasing import Erased, erase
from server.recordings.incoming import forget_uploads
from server.recordings.shelf import remove_files
from server.removing import Removed, remove
from server.scopes import put_patient
from server.settings import HashCost, ServerSettings
from server.sync.store import forget_file_keys
from server.visits.service import add_visit

LOG_TRIES, LOG_PAUSE_S = 50, 0.1


def add_user(
    database: Path,
    person: Person,
    username: str,
    password: str,
    *,
    is_demonstration: bool,
    clinic: UUID | None = None,
) -> PersonId:
    _prepare(database)
    passwords = Passwords(HashCost())
    password_hash = passwords.hash_now(password)
    passwords.close()
    now = SystemClock().now()

    def write(connection: Connection) -> None:
        if is_demonstration:
            mark_demonstration(connection)
        add_account(connection, person, username, password_hash, now, clinic)

    write_once(database, write)
    return person.id


def add_patient_and_visit(
    database: Path,
    patient: PatientBody,
    visit: VisitBody,
    *,
    is_demonstration: bool,
    clinic: UUID | None = None,
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
            add_patient(connection, patient_id, patient, now, clinic)
        elif clinic is not None:  # known elsewhere: seen here, too, from now on
            put_patient(connection, patient_id, clinic, now)
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


def erase_file(settings: ServerSettings, record: UUID) -> Erased:
    """Destroy the key of a record's file, and the file: nobody opens it again, with any backup of
    the files. Twice is harmless, and goes on where the first was cut short.

    Unavailable when a reader holds the log: all is done but for traces in it; say it again.
    """
    if not settings.database.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no database", str(settings.database))
    _prepare(settings.database)
    now = SystemClock().now()

    def write(connection: Connection) -> Erased:
        erased = erase(connection, record, now)
        forget_file_keys(connection, record)
        return erased

    erased = write_once(settings.database, write)
    _leave_no_trace(settings, erased.files)
    return erased


def remove_record(settings: ServerSettings, record: UUID) -> Removed:
    """Take out what was entered in error, with what hangs on it, at every device (removing.py).

    Unavailable as above: then what is left is only traces in the log, which the next erasing cuts.
    """
    if not settings.database.is_file():
        raise FileNotFoundError(errno.ENOENT, "there is no database", str(settings.database))
    _prepare(settings.database)
    now = SystemClock().now()
    removed = write_once(settings.database, lambda connection: remove(connection, record, now))
    _leave_no_trace(settings, removed.files)
    return removed


def _leave_no_trace(settings: ServerSettings, files: list[str]) -> None:
    remove_files(settings.files, files)
    forget_uploads(settings.uploads, files)
    for _ in range(LOG_TRIES):
        if cut_off_log(settings.database):
            return
        time.sleep(LOG_PAUSE_S)
    raise Unavailable(Code.SERVER_ERROR, "the log is in use; please say it again")


def erasures(database: Path) -> list[ErasureTold]:
    """What was erased on order, oldest first, and which devices have told that they did it too."""
    return read_once(database, told_erasures)


def _prepare(database: Path) -> None:
    prepare_folder(database.parent)
    migrate(database)
