"""Accounts, devices and sessions: who may come in, on which device, and for how long."""

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from app.contract.sign_in import (
    CertificateOut,
    DeviceIn,
    FirstAccountIn,
    PersonOut,
    RefreshIn,
    RefreshOut,
    SignInIn,
    SignInOut,
    device_proof_bytes,
    refresh_proof_bytes,
)
from app.domain.access import Role
from app.domain.audit import Act
from app.domain.clock import Clock
from app.domain.failures import Code, Failure, Rejected, Untrusted
from app.domain.ids import DeviceId, PersonId, new_id
from app.domain.people import Person
from server.accounts import store
from server.accounts.passwords import Passwords
from server.accounts.setup_code import use_setup_code
from server.accounts.standing import revocation_of
from server.accounts.throttle import ANYBODY, ONE_NAME, TOLD, Throttle, network_of
from server.audit_trail import append, event_of
from server.auth import Auth, Caller
from server.database import Database, remembered
from server.facts import is_demonstration
from server.keys import ServerKeys, base64_text, is_signed_by
from server.problems import TooManyTries
from server.scopes import home_clinic, mark_of, put_person, scopes_of
from server.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class _Admitted:
    session: UUID
    person: Person
    certificate: CertificateOut
    refresh_token: str
    is_demonstration: bool
    scope: str


class Accounts:
    """`on_signed_out` is told which session ended."""

    def __init__(
        self,
        settings: ServerSettings,
        database: Database,
        keys: ServerKeys,
        auth: Auth,
        passwords: Passwords,
        clock: Clock,
        on_signed_out: Callable[[UUID], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._keys = keys
        self._auth = auth
        self._passwords = passwords
        self._clock = clock
        self._on_signed_out = on_signed_out
        self._throttle = Throttle(ONE_NAME)
        self._crowd = Throttle(ANYBODY)
        self._told = Throttle(TOLD)

    async def make_first(self, body: FirstAccountIn, address: str) -> PersonOut:
        """The first account of an empty server, for whoever holds its one-time code."""
        key = f"set-up code from {network_of(address)}"
        self._throttle.count(key, self._clock.monotonic())
        password_hash = await self._passwords.hash(body.password)
        person = Person(PersonId(new_id()), body.name, body.role)

        def write(connection: Connection) -> None:
            if not use_setup_code(connection, body.setup_code):
                raise Rejected(Code.SETUP_CODE_WRONG)
            add_account(connection, person, body.username, password_hash, self._clock.now())

        await self._database.write(write)
        self._throttle.forgive(key)
        return _out(person)

    async def sign_in(self, body: SignInIn, address: str) -> SignInOut:
        account, device = await self._database.read(
            lambda c: (
                store.account_named(c, body.username),
                store.device_with(c, DeviceId(body.device.id)),
            )
        )
        crowd = network_of(address)
        if device is not None and _is_proven(device.public_key, body):
            crowd = f"device {device.id}"  # no stranger: a flood of those keeps no desk out
        await self._count_in_crowd(crowd)
        key = f"{store.normal_username(body.username)} from {network_of(address)}"
        self._throttle.count(key, self._clock.monotonic())
        fits = await self._passwords.fits(
            body.password, None if account is None else account.password_hash
        )
        try:
            if account is None or not fits:
                raise Rejected(Code.WRONG_CREDENTIALS)
            self._throttle.forgive(key)
            person = account.person
            if person.role is not body.role:
                raise Rejected(Code.ROLE_DOES_NOT_FIT)
            admitted = await self._database.write(lambda c: self._admit(c, person, body))
        except Failure as refusal:
            await self._tell_refused(body, account, refusal.code)
            raise
        self._crowd.give_back(crowd)
        return self._sign_in_out(admitted)

    async def _count_in_crowd(self, crowd: str) -> None:
        """One row a minute tells that tries are refused; a row for each would have no end."""
        now = self._clock.monotonic()
        try:
            self._crowd.count(crowd, now)
        except TooManyTries as refusal:
            with suppress(TooManyTries):
                self._told.count(crowd, now)
                event = event_of(Act.SIGN_IN_REFUSED, self._clock.now(), code=refusal.code)
                await self._database.write(lambda connection: append(connection, event))
            raise

    def _admit(self, connection: Connection, person: Person, body: SignInIn) -> _Admitted:
        """Enrol the device or know it again, and open a session, in one transaction."""
        now = self._clock.now()
        enrolled = self._device(connection, person, body, now)
        session, refresh_token = new_id(), secrets.token_urlsafe(32)
        expires_at = now + timedelta(seconds=self._settings.refresh_token_s)
        store.add_session(
            connection, session, person.id, enrolled.id, refresh_token, now, expires_at
        )
        append(
            connection,
            event_of(Act.SIGNED_IN, now, actor=person.id, device=enrolled.id, subject=session),
        )
        certificate = CertificateOut(
            document=enrolled.certificate,
            signature=enrolled.certificate_signature,
            server_public_key=self._keys.public_key,
        )
        return _Admitted(
            session,
            person,
            certificate,
            refresh_token,
            is_demonstration(connection),
            mark_of(scopes_of(connection, person.id)),
        )

    def _device(
        self, connection: Connection, person: Person, body: SignInIn, now: datetime
    ) -> store.Enrolled:
        device = body.device
        if not _is_proven(device.public_key, body):
            raise Untrusted(Code.DEVICE_UNKNOWN)
        known = store.device_with(connection, DeviceId(device.id))
        if revocation_of(connection, DeviceId(device.id)) is not None:
            raise Rejected(Code.DEVICE_REVOKED)
        if known is not None:
            if known.public_key != device.public_key:
                raise Untrusted(Code.DEVICE_UNKNOWN)
            return known
        fresh = self._certified(device, now)
        store.add_device(connection, fresh, person.id, now)
        append(
            connection,
            event_of(Act.DEVICE_ENROLLED, now, actor=person.id, device=fresh.id, subject=fresh.id),
        )
        return fresh

    def _certified(self, device: DeviceIn, now: datetime) -> store.Enrolled:
        fields = {
            "device": str(device.id),
            "issued_at": now.isoformat(),
            "public_key": device.public_key,
            "server": self._keys.public_key,
        }
        document = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        signature = base64_text(self._keys.sign(document.encode()))
        return store.Enrolled(
            DeviceId(device.id), device.name, device.public_key, document, signature
        )

    def _sign_in_out(self, admitted: _Admitted) -> SignInOut:
        return SignInOut(
            person=_out(admitted.person),
            access_token=self._auth.make_token(admitted.session),
            expires_in_s=int(self._auth.token_s),
            refresh_token=admitted.refresh_token,
            certificate=admitted.certificate,
            server_time=self._clock.now(),
            is_demonstration=admitted.is_demonstration,
            scope=admitted.scope,
        )

    async def _tell_refused(
        self, body: SignInIn, account: store.Account | None, code: Code
    ) -> None:
        """Whose account was tried, on which device, and why not; never the name that was typed."""
        event = event_of(
            Act.SIGN_IN_REFUSED,
            self._clock.now(),
            device=DeviceId(body.device.id),
            subject=None if account is None else account.person.id,
            code=code,
        )
        await self._database.write(lambda connection: append(connection, event))

    async def refresh(self, body: RefreshIn) -> RefreshOut:
        """Tokens anew. The one before the present is good for a minute: its answer was lost."""
        session, token = await self._database.write(lambda c: self._rotate(c, body))
        return RefreshOut(
            access_token=self._auth.make_token(session),
            expires_in_s=int(self._auth.token_s),
            refresh_token=token,
        )

    def _rotate(self, connection: Connection, body: RefreshIn) -> tuple[UUID, str]:
        now = self._clock.now()
        session = store.session_of_token(connection, body.refresh_token)
        if session is None or session.is_ended or session.device != body.device:
            raise Untrusted(Code.TOKEN_INVALID)
        device = store.device_with(connection, session.device)
        proof = refresh_proof_bytes(body.device, body.refresh_token)
        if device is None or not is_signed_by(device.public_key, proof, body.proof):
            raise Untrusted(Code.TOKEN_INVALID)
        if now >= session.expires_at:
            raise Rejected(Code.TOKEN_EXPIRED)
        successor = self._keys.next_refresh_token(body.refresh_token)
        if session.is_previous:
            if session.previous_until is None or now >= session.previous_until:
                raise Untrusted(Code.TOKEN_INVALID)
            return session.id, successor
        store.rotate(
            connection,
            session.id,
            body.refresh_token,
            successor,
            now + timedelta(seconds=self._settings.previous_refresh_s),
            now + timedelta(seconds=self._settings.refresh_token_s),
        )
        return session.id, successor

    async def sign_out(self, who: Caller) -> None:
        now = self._clock.now()

        def write(connection: Connection) -> None:
            store.end_session(connection, who.session, now)
            event = event_of(
                Act.SIGNED_OUT, now, actor=who.person, device=who.device, subject=who.session
            )
            append(connection, event)

        await self._database.write(write)
        self._on_signed_out(who.session)


def add_account(
    connection: Connection,
    person: Person,
    username: str,
    password_hash: str,
    now: datetime,
    clinic: UUID | None = None,
) -> None:
    """A new person of a clinic, the first one where none is said; Rejected(NOT_ALLOWED) when the
    user name is taken."""
    if store.account_named(connection, username) is not None:
        raise Rejected(Code.NOT_ALLOWED, "this user name is taken")
    store.add_person(connection, person, username, password_hash, now)
    append(connection, event_of(Act.ACCOUNT_ADDED, now, subject=person.id))
    put_person(connection, person.id, clinic or home_clinic(connection), now)


def role_of_author(connection: Connection, author: PersonId, device: DeviceId) -> Role | None:
    """The author's role now, when the person is known and ever signed in on this device."""
    known, key = remembered(connection), (author, device)
    if key not in known:
        person = store.person_with(connection, author)
        if person is None or not store.has_signed_in(connection, author, device):
            return None
        known[key] = person.role
    role: Role = known[key]
    return role


def name_of_person(connection: Connection, person: PersonId) -> str:
    """Empty when there is no such person."""
    known = store.person_with(connection, person)
    return "" if known is None else known.name


def name_of_device(connection: Connection, device: DeviceId) -> str:
    known = store.device_with(connection, device)
    return "" if known is None else known.name


def _is_proven(public_key: str, body: SignInIn) -> bool:
    """Whoever asks holds the private half of this key."""
    proof = device_proof_bytes(body.device.id, body.username)
    return is_signed_by(public_key, proof, body.device.proof)


def _out(person: Person) -> PersonOut:
    return PersonOut(id=person.id, name=person.name, role=person.role)
