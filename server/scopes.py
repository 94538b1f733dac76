"""Who may see whom: clinics and care teams, the people in them, and the patients they treat.

A person sees the patients who are in a scope of theirs, and nobody else's. A patient who comes into
one is told anew in the feed, whole; one who leaves is told as a departure from it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    text,
)

from app.domain.audit import Act
from app.domain.changes import GoneReason
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, new_id
from server import records
from server.audit_trail import append, event_of
from server.database import remembered
from server.departures import Departure, keep_departure
from server.facts import fact
from server.tables import departures, patient_scopes, person_scopes, scopes, time_text

OF_PERSON = select(person_scopes.c.scope).where(person_scopes.c.person == bindparam("person"))
IS_SEEN = select(person_scopes.c.scope).where(
    person_scopes.c.person == bindparam("person"),
    patient_scopes.c.patient == bindparam("patient"),
    patient_scopes.c.scope == person_scopes.c.scope,
)
ARE_SEEN = select(patient_scopes.c.patient).where(
    person_scopes.c.person == bindparam("person"),
    patient_scopes.c.patient.in_(bindparam("patients", expanding=True)),
    patient_scopes.c.scope == person_scopes.c.scope,
)
MARK_CHARACTERS = 32
HOME_CLINIC = "home clinic"

ScopeIds = frozenset[str]


class ScopeKind(StrEnum):
    CLINIC = "clinic"
    CARE_TEAM = "care-team"  # some people of one clinic or of several, for some patients


@dataclass(frozen=True, slots=True)
class Scope:
    id: UUID
    kind: ScopeKind
    name: str


@dataclass(frozen=True, slots=True)
class ScopeTold:
    scope: Scope
    people: int
    patients: int


# --- who sees whom ---------------------------------------------------------------------------


def scopes_of(connection: Connection, person: PersonId) -> ScopeIds:
    known, key = remembered(connection), ("scopes", person)
    if key not in known:
        rows = connection.execute(OF_PERSON, {"person": str(person)})
        known[key] = frozenset(row.scope for row in rows)
    found: ScopeIds = known[key]
    return found


def mark_of(these: ScopeIds) -> str:
    """The same for the same scopes: a device that holds another one has another set of patients."""
    return hashlib.sha256("\n".join(sorted(these)).encode()).hexdigest()[:MARK_CHARACTERS]


def visible(patient: Column[Any], to: ScopeIds) -> ColumnElement[bool]:
    """Of a table's column of patients; a row of no patient is everybody's."""
    among = select(patient_scopes.c.patient).where(
        patient_scopes.c.patient == patient, patient_scopes.c.scope.in_(sorted(to))
    )
    return or_(patient.is_(None), among.exists())


def concerns(to: ScopeIds) -> ColumnElement[bool]:
    """Of a departure: whoever sees the patient, or saw them in a scope and does not any more."""
    is_seen = visible(departures.c.patient, to)
    was_seen = departures.c.scope.in_(sorted(to))
    return or_(and_(departures.c.scope.is_(None), is_seen), and_(was_seen, not_(is_seen)))


def sees(connection: Connection, person: PersonId, patient: UUID | None) -> bool:
    if patient is None:
        return True
    known, key = remembered(connection), ("sees", person, patient)
    if key not in known:
        asked = {"person": str(person), "patient": str(patient)}
        known[key] = connection.execute(IS_SEEN, asked).first() is not None
    found: bool = known[key]
    return found


def look_up(connection: Connection, person: PersonId, patients: Iterable[UUID]) -> None:
    """Whom of them this person sees: asked once for all, known while the transaction lasts."""
    wanted = list(patients)
    asked = {"person": str(person), "patients": [str(patient) for patient in wanted]}
    seen = {UUID(row.patient) for row in connection.execute(ARE_SEEN, asked)}
    known = remembered(connection)
    known.update({("sees", person, patient): patient in seen for patient in wanted})


def must_see(connection: Connection, person: PersonId, patient: UUID | None) -> None:
    if not sees(connection, person, patient):
        raise Rejected(Code.OUT_OF_SCOPE)


# --- what whoever runs the server says -------------------------------------------------------


def home_clinic(connection: Connection) -> UUID:
    """Where people and patients are of whom nothing else is said: the first clinic there was."""
    return UUID(fact(connection, HOME_CLINIC))


def add_scope(connection: Connection, kind: ScopeKind, name: str, now: datetime) -> UUID:
    """Rejected(MALFORMED) without a name, NOT_ALLOWED when there is one of that kind and name."""
    name = " ".join(name.split())
    if not name:
        raise Rejected(Code.MALFORMED, "a scope has a name")
    taken = select(scopes.c.id).where(scopes.c.kind == str(kind), scopes.c.name == name)
    if connection.execute(taken).first() is not None:
        raise Rejected(Code.NOT_ALLOWED, f"there is a {kind} of this name")
    scope = new_id()
    values = {"id": str(scope), "kind": str(kind), "name": name, "created_at": time_text(now)}
    connection.execute(insert(scopes).values(values))
    append(connection, event_of(Act.SCOPE_ADDED, now, subject=scope))
    return scope


def told_scopes(connection: Connection) -> list[ScopeTold]:
    """Oldest first."""
    rows = connection.execute(select(scopes).order_by(text("rowid"))).all()
    return [
        ScopeTold(
            Scope(UUID(row.id), ScopeKind(row.kind), row.name),
            _count(connection, person_scopes.c.scope, row.id),
            _count(connection, patient_scopes.c.scope, row.id),
        )
        for row in rows
    ]


def put_person(connection: Connection, person: PersonId, scope: UUID, now: datetime) -> None:
    """Whoever is in it already stays in it."""
    _must_be_there(connection, scope)
    values = {"person": str(person), "scope": str(scope)}
    if _is_in(connection, person_scopes.c.person, str(person), scope):
        return
    connection.execute(insert(person_scopes).values(values))
    _forget(connection)
    append(connection, event_of(Act.PERSON_ENTERED_SCOPE, now, actor=person, subject=scope))


def take_person(connection: Connection, person: PersonId, scope: UUID, now: datetime) -> None:
    """What their devices hold beyond what they still see goes when they next speak with us."""
    _must_be_there(connection, scope)
    where = (person_scopes.c.person == str(person), person_scopes.c.scope == str(scope))
    if not connection.execute(delete(person_scopes).where(*where)).rowcount:
        raise Rejected(Code.NOT_FOUND, "this person is not in it")
    _forget(connection)
    append(connection, event_of(Act.PERSON_LEFT_SCOPE, now, actor=person, subject=scope))


def put_patient(connection: Connection, patient: PatientId, scope: UUID, now: datetime) -> None:
    """All that is known of the patient goes into the feed again: some now see it first."""
    _must_be_there(connection, scope)
    if _is_in(connection, patient_scopes.c.patient, str(patient), scope):
        return
    values = {"patient": str(patient), "scope": str(scope)}
    connection.execute(insert(patient_scopes).values(values))
    _forget(connection)
    records.tell_again(connection, patient)
    event = event_of(Act.PATIENT_ENTERED_SCOPE, now, patient=patient, subject=scope)
    append(connection, event)


def take_patient(connection: Connection, patient: PatientId, scope: UUID, now: datetime) -> None:
    """Rejected(NOT_ALLOWED) for the last one: a patient whom nobody sees is lost."""
    _must_be_there(connection, scope)
    if not _is_in(connection, patient_scopes.c.patient, str(patient), scope):
        raise Rejected(Code.NOT_FOUND, "this patient is not in it")
    if _count(connection, patient_scopes.c.patient, str(patient)) == 1:
        raise Rejected(Code.NOT_ALLOWED, "nobody would see this patient: put them elsewhere first")
    where = (patient_scopes.c.patient == str(patient), patient_scopes.c.scope == str(scope))
    connection.execute(delete(patient_scopes).where(*where))
    _forget(connection)
    keep_departure(connection, Departure(patient, GoneReason.OUT_OF_SCOPE, scope=scope))
    event = event_of(Act.PATIENT_LEFT_SCOPE, now, patient=patient, subject=scope)
    append(connection, event)


def _is_in(connection: Connection, column: Column[Any], one: str, scope: UUID) -> bool:
    query = select(column).where(column == one, column.table.c.scope == str(scope))
    return connection.execute(query).first() is not None


def _count(connection: Connection, column: Column[Any], one: str) -> int:
    return connection.execute(select(func.count()).where(column == one)).scalar() or 0


def _must_be_there(connection: Connection, scope: UUID) -> None:
    if connection.execute(select(scopes.c.id).where(scopes.c.id == str(scope))).first() is None:
        raise Rejected(Code.NOT_FOUND, "no such clinic or care team")


def _forget(connection: Connection) -> None:
    """Who sees whom has changed in this very transaction."""
    known = remembered(connection)
    for key in [key for key in known if isinstance(key, tuple) and key[0] in ("scopes", "sees")]:
        del known[key]
