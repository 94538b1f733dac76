"""Who is asking: short-lived signed tokens, and the session behind each of them.

A token is base64url(JSON) "." base64url(Ed25519 signature). It says which session it is of; whether
that session still stands, and whose it is, is read from the database at each request.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from starlette.requests import HTTPConnection

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import DeviceId, PersonId
from server.database import Database
from server.keys import ServerKeys
from server.tables import persons, sessions, time_of

# Signed in front of each token, so that no certificate can pose as one.
TOKEN_PURPOSE = b"bedside access v1\n"
# Made once: what they are made of takes longer than what they do.
SESSION = (
    select(sessions.c.device, sessions.c.ended_at, persons)
    .join(persons, persons.c.id == sessions.c.person)
    .where(sessions.c.id == bindparam("session"))
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The person and device of a valid token."""

    session: UUID
    person: PersonId
    name: str
    role: Role
    device: DeviceId

    def must_be_allowed(self, action: Action) -> None:
        if not may(self.role, action):
            raise Rejected(Code.NOT_ALLOWED)


class Auth:
    """Called as a FastAPI dependency; WebSocket handshakes call it the same way."""

    def __init__(self, database: Database, keys: ServerKeys, clock: Clock, token_s: float) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self.token_s = token_s

    def make_token(self, session: UUID) -> str:
        expires = self._clock.now() + timedelta(seconds=self.token_s)
        claims = {"session": str(session), "expires": expires.timestamp()}
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return f"{_text(payload)}.{_text(self._keys.sign(TOKEN_PURPOSE + payload))}"

    async def __call__(self, asking: HTTPConnection) -> Caller:
        scheme, _, token = asking.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Untrusted(Code.TOKEN_INVALID)
        session = self._session_of(token)
        return await self._database.read(lambda connection: caller_of(connection, session))

    def _session_of(self, token: str) -> UUID:
        try:
            payload_text, signature_text = token.split(".")
            payload, signature = _bytes(payload_text), _bytes(signature_text)
        except (ValueError, binascii.Error) as error:
            raise Untrusted(Code.TOKEN_INVALID) from error
        if not self._keys.has_signed(TOKEN_PURPOSE + payload, signature):
            raise Untrusted(Code.TOKEN_INVALID)
        claims = json.loads(payload)  # our own: the signature says so
        if datetime.fromtimestamp(claims["expires"], tz=self._clock.now().tzinfo) <= (
            self._clock.now()
        ):
            raise Rejected(Code.TOKEN_EXPIRED)
        return UUID(claims["session"])

    async def session_until(self, session: UUID) -> datetime | None:
        """Until when it stands; renewing moves that on. None: it does not stand any more."""
        query = select(sessions.c.expires_at).where(
            sessions.c.id == str(session), sessions.c.ended_at.is_(None)
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        until = None if row is None else time_of(row.expires_at)
        return None if until is None or until <= self._clock.now() else until


def caller_of(connection: Connection, session: UUID) -> Caller:
    """Who the session is of; Untrusted(TOKEN_INVALID) when it was ended."""
    row = connection.execute(SESSION, {"session": str(session)}).first()
    if row is None or row.ended_at is not None:
        raise Untrusted(Code.TOKEN_INVALID)
    return Caller(
        session=session,
        person=PersonId(UUID(row.id)),
        name=row.name,
        role=Role(row.role),
        device=DeviceId(UUID(row.device)),
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
