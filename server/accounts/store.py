"""Persons, devices and sessions in SQL."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, insert, or_, select, update

from app.domain.access import Role
from app.domain.ids import DeviceId, PersonId
from app.domain.people import Person
from server.tables import devices, persons, sessions, time_of, time_text


@dataclass(frozen=True, slots=True)
class Account:
    person: Person
    password_hash: str


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A device as the server knows it: the key of its first sign-in and the certificate over it."""

    id: DeviceId
    name: str
    public_key: str
    certificate: str
    certificate_signature: str


@dataclass(frozen=True, slots=True)
class Session:
    id: UUID
    device: DeviceId
    expires_at: datetime
    previous_until: datetime | None
    is_ended: bool
    is_previous: bool  # found by the refresh token before the present one


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def normal_username(username: str) -> str:
    return username.strip().casefold()


def account_named(connection: Connection, username: str) -> Account | None:
    query = select(persons).where(persons.c.username == normal_username(username))
    row = connection.execute(query).first()
    if row is None:
        return None
    return Account(_person_of(row), row.password_hash)


def person_with(connection: Connection, person: PersonId) -> Person | None:
    row = connection.execute(select(persons).where(persons.c.id == str(person))).first()
    return None if row is None else _person_of(row)


def add_person(
    connection: Connection, person: Person, username: str, password_hash: str, at: datetime
) -> None:
    connection.execute(
        insert(persons).values(
            id=str(person.id),
            username=normal_username(username),
            name=person.name,
            role=str(person.role),
            password_hash=password_hash,
            created_at=time_text(at),
        )
    )


def device_with(connection: Connection, device: DeviceId) -> Enrolled | None:
    row = connection.execute(select(devices).where(devices.c.id == str(device))).first()
    if row is None:
        return None
    return Enrolled(
        DeviceId(UUID(row.id)),
        row.name,
        row.public_key,
        row.certificate,
        row.certificate_signature,
    )


def add_device(connection: Connection, device: Enrolled, by: PersonId, at: datetime) -> None:
    connection.execute(
        insert(devices).values(
            id=str(device.id),
            name=device.name,
            public_key=device.public_key,
            certificate=device.certificate,
            certificate_signature=device.certificate_signature,
            enrolled_at=time_text(at),
            enrolled_by=str(by),
        )
    )


def add_session(
    connection: Connection,
    session: UUID,
    person: PersonId,
    device: DeviceId,
    refresh_token: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    connection.execute(
        insert(sessions).values(
            id=str(session),
            person=str(person),
            device=str(device),
            created_at=time_text(at),
            refresh_sha256=token_hash(refresh_token),
            expires_at=time_text(expires_at),
        )
    )


def end_sessions_of(connection: Connection, device: DeviceId, at: datetime) -> None:
    connection.execute(
        update(sessions)
        .where(sessions.c.device == str(device), sessions.c.ended_at.is_(None))
        .values(ended_at=time_text(at))
    )


def session_of_token(connection: Connection, refresh_token: str) -> Session | None:
    digest = token_hash(refresh_token)
    query = select(sessions).where(
        or_(sessions.c.refresh_sha256 == digest, sessions.c.previous_sha256 == digest)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Session(
        id=UUID(row.id),
        device=DeviceId(UUID(row.device)),
        expires_at=time_of(row.expires_at),
        previous_until=None if row.previous_until is None else time_of(row.previous_until),
        is_ended=row.ended_at is not None,
        is_previous=row.previous_sha256 == digest,
    )


def rotate(
    connection: Connection,
    session: UUID,
    token: str,
    successor: str,
    previous_until: datetime,
    expires_at: datetime,
) -> None:
    connection.execute(
        update(sessions)
        .where(sessions.c.id == str(session))
        .values(
            refresh_sha256=token_hash(successor),
            previous_sha256=token_hash(token),
            previous_until=time_text(previous_until),
            expires_at=time_text(expires_at),
        )
    )


def end_session(connection: Connection, session: UUID, at: datetime) -> None:
    connection.execute(
        update(sessions).where(sessions.c.id == str(session)).values(ended_at=time_text(at))
    )


def has_signed_in(connection: Connection, person: PersonId, device: DeviceId) -> bool:
    """Whether this person ever signed in on this device."""
    query = select(sessions.c.id).where(
        sessions.c.device == str(device), sessions.c.person == str(person)
    )
    return connection.execute(query.limit(1)).first() is not None


def _person_of(row: Row[Any]) -> Person:
    return Person(PersonId(UUID(row.id)), row.name, Role(row.role))
