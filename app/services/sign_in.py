"""Signing in, locking and unlocking. Offline, whoever signed in here before may work on."""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.failures import Code, Failure, Rejected, Unavailable, Untrusted
from app.domain.ids import PersonId
from app.domain.people import Person
from app.runtime.broadcast import Broadcast
from app.services.acts import Acts
from app.services.ports import (
    DeviceCredentials,
    RecordingFiles,
    ServerApi,
    SignedIn,
    UnitOfWork,
)
from app.services.standing import keep_time_seen, why_not_offline

log = logging.getLogger(__name__)

UNLOCK_TRIES = 5
RENEWED_JUST_NOW_S = 5.0
# scrypt cost (RFC 7914): 32 MiB and about 0.1 s; it guards a verifier that lies encrypted anyway.
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1


class SignInPhase(StrEnum):
    SIGNED_OUT = "signed-out"
    SIGNING_IN = "signing-in"
    SIGNED_IN = "signed-in"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class SignInState:
    phase: SignInPhase
    role: Role
    server: str
    is_kept: bool
    person: Person | None = None
    code: Code | None = None  # why the last try failed
    is_demonstration: bool = False
    is_offline: bool = False  # signed in against what is known here; the server has not said yes
    has_unopened_store: bool = False  # earlier work lies here, out of reach
    was_idle: bool = False  # it locked itself, because nobody touched it


class SignIn:
    def __init__(
        self,
        *,
        server_api: ServerApi,
        acts: Acts,
        device: DeviceCredentials,
        role: Role,
        server: str,
        is_kept: bool,
        files: RecordingFiles,
        has_unopened_store: bool = False,
    ) -> None:
        self._server_api = server_api
        self._files = files
        self._acts = acts
        self._device = device
        self._tries_left = UNLOCK_TRIES
        self._renewing = asyncio.Lock()
        self._renewed_at = -RENEWED_JUST_NOW_S
        self.state: Broadcast[SignInState] = Broadcast(
            SignInState(
                SignInPhase.SIGNED_OUT,
                role,
                server,
                is_kept,
                has_unopened_store=has_unopened_store,
            )
        )

    async def reopen(self, *, has_running_call: bool) -> None:
        """After a restart with a call running: locked, with the person who was signed in."""
        last = await self._acts.read(_last_person)
        if has_running_call and last is not None:
            self._acts.now_acting(last.person)
            self._tell(
                phase=SignInPhase.LOCKED,
                person=last.person,
                code=None,
                is_demonstration=last.is_demonstration,
            )

    async def renew_tokens(self) -> None:
        """New access token by the refresh token in the store; Unavailable or Rejected when not.

        Several askers at once share one renewal, as each renewal makes the token before it void.
        """
        async with self._renewing:
            if self._acts.clock.monotonic() - self._renewed_at < RENEWED_JUST_NOW_S:
                return
            token = await self._acts.read(lambda unit: unit.kept.text("refresh-token"))
            if token is None:
                raise Rejected(Code.TOKEN_EXPIRED)
            fresh = await self._server_api.refresh(token, self._device)
            if not await self._acts.read(_keep_successor(token, fresh)):
                await self._server_api.sign_out()  # whoever asked has left meanwhile
                raise Rejected(Code.TOKEN_EXPIRED)
            self._renewed_at = self._acts.clock.monotonic()
            self._tell(is_offline=False)  # the session is of the person who signed in here last

    async def sign_in(self, username: str, password: str) -> None:
        """Ends in SIGNED_IN, or back in SIGNED_OUT with the code of what was wrong."""
        if self.state.value.phase is SignInPhase.SIGNING_IN:
            return
        username = username.strip()
        self._tell(phase=SignInPhase.SIGNING_IN, code=None)
        try:
            await self._sign_in(username, password)
        except Failure as failure:
            self._tell(phase=SignInPhase.SIGNED_OUT, code=failure.code, person=None)
        except BaseException:
            self._tell(phase=SignInPhase.SIGNED_OUT, code=Code.SERVER_ERROR, person=None)
            raise

    async def _sign_in(self, username: str, password: str) -> None:
        role = self.state.value.role
        try:
            known = await self._acts.read(lambda unit: unit.kept.text("certificate"))
            signed_in = await self._server_api.sign_in(
                username, password, role, self._device, known
            )
        except Untrusted as doubt:
            with suppress(Unavailable):  # a full disk does not make the server a trusted one
                await self._acts.note(self._acts.event(Act.SIGN_IN_REFUSED, code=doubt.code))
            raise
        except Unavailable as away:
            last = await self._known_here(username, password, away)
            await self._enter(last, is_offline=True)
            return
        verifier = await _make_verifier(username, password)
        now = _LastPerson(signed_in.person, signed_in.is_demonstration)
        for name in await self._acts.do(_keep_sign_in(now, signed_in, verifier)):
            await self._files.remove(name)
        await self._enter(now, is_offline=False)

    async def _known_here(self, username: str, password: str, away: Unavailable) -> "_LastPerson":
        verifier, last = await self._acts.read(
            lambda unit: (unit.kept.text("verifier"), _last_person(unit))
        )
        if verifier is None or last is None or last.person.role is not self.state.value.role:
            raise away
        await self._must_have_standing()
        if not await _fits(verifier, username, password):
            event = self._acts.event(Act.SIGN_IN_REFUSED, code=Code.WRONG_CREDENTIALS)
            await self._acts.note(event)
            raise Rejected(Code.WRONG_CREDENTIALS)
        return last

    async def _must_have_standing(self) -> None:
        """Without the server only under a lease that has not ended; never on a revoked device."""
        now = self._acts.clock.now()
        code = await self._acts.read(lambda unit: why_not_offline(unit, now))
        if code is not None:
            raise Rejected(code)
        await self._acts.read(keep_time_seen(now))

    async def _enter(self, last: "_LastPerson", *, is_offline: bool) -> None:
        self._acts.now_acting(last.person)
        event = self._acts.event(Act.SIGNED_IN)
        await self._acts.note(event)
        self._tries_left = UNLOCK_TRIES
        self._tell(
            phase=SignInPhase.SIGNED_IN,
            person=last.person,
            code=None,
            is_offline=is_offline,
            is_demonstration=last.is_demonstration,
        )

    async def lock(self, *, was_idle: bool = False) -> None:
        """The chart goes from the screen; a running call goes on."""
        if self.state.value.phase is not SignInPhase.SIGNED_IN:
            return
        # First: a full disk keeps no chart open.
        self._tell(phase=SignInPhase.LOCKED, code=None, was_idle=was_idle)
        event = self._acts.event(Act.SCREEN_LOCKED)
        await self._acts.note(event)

    async def unlock(self, password: str) -> None:
        """Same person, same password; after five wrong tries only a full sign-in helps."""
        if self.state.value.phase is not SignInPhase.LOCKED:
            return
        try:
            await self._must_have_standing()
        except Rejected as no:
            await self.sign_out(code=no.code)
            return
        verifier = await self._acts.read(lambda unit: unit.kept.text("verifier"))
        if verifier is not None and await _fits(verifier, None, password):
            self._tries_left = UNLOCK_TRIES
            event = self._acts.event(Act.SCREEN_UNLOCKED)
            await self._acts.note(event)
            self._tell(phase=SignInPhase.SIGNED_IN, code=None, was_idle=False)
            return
        self._tries_left -= 1
        event = self._acts.event(Act.SIGN_IN_REFUSED, code=Code.WRONG_CREDENTIALS)
        await self._acts.note(event)
        if self._tries_left <= 0:
            await self.sign_out(code=Code.TOO_MANY_TRIES)
        else:
            self._tell(code=Code.WRONG_CREDENTIALS)

    async def sign_out(self, code: Code | None = None) -> None:
        """Tokens are forgotten here; what is unsent stays in the store and is sent later."""
        if self.state.value.person is None:
            return
        await self._acts.take_leave()
        event = self._acts.event(Act.SIGNED_OUT)

        def leave(unit: UnitOfWork) -> None:
            unit.audit.add(event)
            unit.kept.keep_text("refresh-token", None)

        try:
            await self._acts.do(leave)
        finally:  # what cannot be written keeps nobody signed in
            await self._gone(code)

    async def _gone(self, code: Code | None) -> None:
        self._acts.now_acting(None)
        self._tell(
            phase=SignInPhase.SIGNED_OUT, person=None, code=code, is_offline=False, was_idle=False
        )
        try:
            await self._server_api.sign_out()
        except Failure as failure:
            log.info("the server was not told of the sign-out: %s", failure.code)

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields


@dataclass(frozen=True, slots=True)
class _LastPerson:
    """Who signed in here last, and whether at a server of a demonstration."""

    person: Person
    is_demonstration: bool


def _last_person(unit: UnitOfWork) -> _LastPerson | None:
    text = unit.kept.text("person")
    if text is None:
        return None
    fields = json.loads(text)
    person = Person(PersonId(UUID(fields["id"])), fields["name"], Role(fields["role"]))
    return _LastPerson(person, fields.get("is_demonstration", False))


def _keep_successor(token: str, successor: str) -> Callable[[UnitOfWork], bool]:
    """False when the token that was renewed is not the one in force any more."""

    def write(unit: UnitOfWork) -> bool:
        if unit.kept.text("refresh-token") != token:
            return False
        unit.kept.keep_text("refresh-token", successor)
        return True

    return write


def _keep_sign_in(
    last: _LastPerson, signed_in: SignedIn, verifier: str
) -> Callable[[UnitOfWork], list[str]]:
    """The files of patients who left with the person before."""
    fields = {
        "id": str(last.person.id),
        "name": last.person.name,
        "role": str(last.person.role),
        "is_demonstration": last.is_demonstration,
    }

    def write(unit: UnitOfWork) -> list[str]:
        before = _last_person(unit)
        unit.kept.keep_text("refresh-token", signed_in.refresh_token)
        unit.kept.keep_text("certificate", signed_in.certificate)
        unit.kept.keep_text("person", json.dumps(fields))
        unit.kept.keep_text("verifier", verifier)
        is_another = before is not None and before.person.id != last.person.id
        if signed_in.scope is None or not is_another:
            return []
        return unit.records.leave_scope(signed_in.scope)

    return write


async def _make_verifier(username: str, password: str) -> str:
    salt = os.urandom(16)
    digest = await asyncio.to_thread(_scrypt, password, salt)
    return json.dumps({"username": username, "salt": salt.hex(), "digest": digest.hex()})


async def _fits(verifier: str, username: str | None, password: str) -> bool:
    fields = json.loads(verifier)
    digest = await asyncio.to_thread(_scrypt, password, bytes.fromhex(fields["salt"]))
    same_name = username is None or fields["username"] == username
    return hmac.compare_digest(digest, bytes.fromhex(fields["digest"])) and same_name


def _scrypt(password: str, salt: bytes) -> bytes:
    """Of one form of the password, however the keyboard composed it, as at the server."""
    return hashlib.scrypt(
        unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass"),
        salt=salt,
        n=SCRYPT_N,
        r=SCRYPT_R,
        p=SCRYPT_P,
        maxmem=64 * 2**20,
        dklen=32,
    )
