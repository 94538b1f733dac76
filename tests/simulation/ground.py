"""What every run begins with, made once by the real code and copied: a server and three desks.

Two people at three desks: one clinician sits at two of them.
"""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, text

from app.contract.bodies import PatientBody, VisitBody
from app.domain.access import Role
from app.domain.ids import DeviceId, PatientId, PersonId, VisitId
from app.domain.people import Person
from app.domain.visits import VisitState
from offline_store.connection import connect
from offline_store.migrate import migrate
from offline_store.store_file import STORE_NAME
from offline_store.unit_of_work import UnitOfWork
from server.accounts.service import add_account
from server.accounts.store import Enrolled, add_device, add_session
from server.auth import Auth
from server.database import Database, write_once
from server.keys import ServerKeys, open_keys
from server.opening import open_folder
from server.patients.service import add_patient
from server.scopes import ScopeKind, add_scope, put_person
from server.settings import ServerSettings
from server.visits.service import add_visit
from tests.fakes.time_loop import MORNING
from tests.server.given import CHEAP
from tests.simulation.clocks import JumpingClock

STORE_KEY, JOURNAL_KEY = bytes(range(32)), bytes(range(32, 64))
FOR_EVER_S = 400 * 86_400.0
LIN = Person(PersonId(UUID(int=0xA1)), "Dr Lin", Role.CLINICIAN)
KIM = Person(PersonId(UUID(int=0xA2)), "Nurse Kim", Role.PRESENTER)
SITS_AT = (LIN, KIM, LIN)
SERVER, DESK = "server", "desk"
# What the server wrote, seen from below it: nothing of the product can forget a line here.
WITNESS = """
CREATE TABLE simulation_log (
  number INTEGER PRIMARY KEY, record TEXT, record_type TEXT, version INTEGER, position INTEGER,
  document TEXT
);
CREATE TABLE simulation_seen (
  change TEXT, person TEXT
);
CREATE TRIGGER simulation_judged AFTER INSERT ON ops WHEN NEW.outcome = 'accepted' BEGIN
  INSERT INTO simulation_seen (change, person) SELECT NEW.id, p.person FROM records r
  JOIN patient_scopes t ON t.patient = r.patient
  JOIN person_scopes p ON p.scope = t.scope
  WHERE r.id = NEW.record;
END;
CREATE TRIGGER simulation_made AFTER INSERT ON records BEGIN
  INSERT INTO simulation_log (record, record_type, version, position, document)
  VALUES (NEW.id, NEW.record_type, NEW.version, NEW.position, NEW.document);
END;
CREATE TRIGGER simulation_changed AFTER UPDATE ON records
WHEN NEW.version <> OLD.version OR NEW.document <> OLD.document BEGIN
  INSERT INTO simulation_log (record, record_type, version, position, document)
  VALUES (NEW.id, NEW.record_type, NEW.version, NEW.position, NEW.document);
END;
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """`tokens`: one access token for each desk, good for the whole run."""

    folder: Path
    patients: tuple[PatientId, ...]
    visits: tuple[VisitId, ...]
    tokens: tuple[str, ...]
    team: UUID  # a care team, of both people at first

    def copied_to(self, folder: Path) -> "Ground":
        for name in (SERVER, *(f"{DESK}-{number}" for number in range(len(SITS_AT)))):
            shutil.copytree(self.folder / name, folder / name)
        return Ground(folder, self.patients, self.visits, self.tokens, self.team)

    @property
    def settings(self) -> ServerSettings:
        return ServerSettings(
            data=self.folder / SERVER,
            hash_cost=CHEAP,
            access_token_s=FOR_EVER_S,
            refresh_token_s=FOR_EVER_S,
        )

    def keys(self) -> ServerKeys:
        return write_once(
            self.settings.database, lambda connection: open_keys(self.settings.data, connection)
        )

    def store_of(self, desk: int) -> Path:
        return self.folder / f"{DESK}-{desk}" / STORE_NAME


def laid_in(folder: Path) -> Ground:
    """Made by the real code in an empty folder."""
    patients = tuple(PatientId(UUID(int=0xB1 + number)) for number in range(2))
    visits = tuple(VisitId(UUID(int=0xC1 + number)) for number in range(2))
    bare = Ground(folder, patients, visits, (), UUID(int=0))
    keys = open_folder(bare.settings).keys
    devices = tuple(_new_store(bare.store_of(number)) for number in range(len(SITS_AT)))
    team = write_once(bare.settings.database, lambda c: _fill(c, patients, visits, devices))
    auth = Auth(Database(bare.settings.database), keys, _Morning(), FOR_EVER_S)
    tokens = tuple(auth.make_token(_session(number)) for number in range(len(SITS_AT)))
    return Ground(folder, patients, visits, tokens, team)


class _Morning(JumpingClock):
    def monotonic(self) -> float:
        return 0.0


def _session(desk: int) -> UUID:
    return UUID(int=0xD1 + desk)


def _new_store(path: Path) -> DeviceId:
    path.parent.mkdir(mode=0o700)
    connection = connect(path, STORE_KEY, is_new=True)
    try:
        migrate(connection)
        return UnitOfWork.on(connection).kept.device_id()
    finally:
        connection.close()


def _fill(
    connection: Connection,
    patients: tuple[PatientId, ...],
    visits: tuple[VisitId, ...],
    devices: tuple[DeviceId, ...],
) -> UUID:
    for statement in _statements():
        connection.execute(text(statement))
    for person, username in ((LIN, "dr-lin"), (KIM, "nurse-kim")):
        add_account(connection, person, username, "no password opens this", MORNING)
    for number, device in enumerate(devices):
        enrolled = Enrolled(device, f"desk {number}", f"key {number}", "{}", "")
        sits = SITS_AT[number].id
        add_device(connection, enrolled, sits, MORNING)
        until = MORNING + timedelta(seconds=FOR_EVER_S)
        add_session(connection, _session(number), sits, device, f"refresh {number}", MORNING, until)
    for number, (patient, visit) in enumerate(zip(patients, visits, strict=True)):
        body = PatientBody(
            family_name="Doe", given_name="Ana", born=None, record_number=f"R-{number}"
        )
        booked = VisitBody(patient=patient, starts_at=MORNING, state=VisitState.CHECKED_IN)
        add_patient(connection, patient, body, MORNING)
        add_visit(connection, visit, booked, MORNING)
    team = add_scope(connection, ScopeKind.CARE_TEAM, "Team", MORNING)
    for person in (LIN, KIM):
        put_person(connection, person.id, team, MORNING)
    return team


def _statements() -> list[str]:
    found, current = [], ""
    for line in WITNESS.strip().splitlines(keepends=True):
        current += line
        if line.rstrip() in (");", "END;"):
            found.append(current)
            current = ""
    return found
