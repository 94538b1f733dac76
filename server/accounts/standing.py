"""Leases for devices, and their revocation: who has lost a machine says so here.

What is revoked stands among the facts; it is signed when the device asks.
"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from app.contract.standing import (
    StandingAnswer,
    StandingDocument,
    StandingIn,
    StandingOut,
    standing_bytes,
    standing_proof_bytes,
)
from app.domain.audit import Act
from app.domain.clock import Clock
from app.domain.failures import Code, Rejected, Untrusted
from app.domain.ids import DeviceId
from app.domain.standing import (
    REVOCATION_COUNTS_FOR,
    REVOCATIONS_MOST,
    Lease,
    Revocation,
    Standing,
)
from server.accounts import store
from server.audit_trail import append, event_of
from server.database import Database
from server.facts import fact, facts_named, forget_fact, keep_fact
from server.keys import ServerKeys, base64_text, is_signed_by

REVOKED = "revoked "


class Standings:
    def __init__(
        self, database: Database, keys: ServerKeys, clock: Clock, lease_for: timedelta
    ) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._lease_for = lease_for

    async def standing(self, body: StandingIn) -> StandingAnswer:
        """A new lease, or that it is revoked; Untrusted(DEVICE_UNKNOWN) for whoever is not it."""
        device, now = DeviceId(body.device), self._clock.now()
        enrolled, revoked, others = await self._database.read(
            lambda c: (
                store.device_with(c, device),
                revocation_of(c, device),
                [
                    one
                    for one in revoked_since(c, now - REVOCATION_COUNTS_FOR)
                    if one.device != device
                ],
            )
        )
        proof = standing_proof_bytes(body.device)
        if enrolled is None or not is_signed_by(enrolled.public_key, proof, body.proof):
            raise Untrusted(Code.DEVICE_UNKNOWN)
        signed = self._signed(revoked or Lease(device, now, now + self._lease_for))
        revocations = [self._signed(one) for one in others[:REVOCATIONS_MOST]]
        return StandingAnswer(
            document=signed.document, signature=signed.signature, revocations=revocations
        )

    def _signed(self, standing: Standing) -> StandingOut:
        document = StandingDocument.from_domain(standing).model_dump_json(exclude_none=True)
        signature = base64_text(self._keys.sign(standing_bytes(document)))
        return StandingOut(document=document, signature=signature)


def revocation_of(connection: Connection, device: DeviceId) -> Revocation | None:
    told = fact(connection, _name(device))
    return None if told is None else _read(device, told)


def revoked_since(connection: Connection, since: datetime) -> list[Revocation]:
    """The newest first."""
    told = facts_named(connection, REVOKED)
    found = [_read(DeviceId(UUID(name)), text) for name, text in told.items()]
    late = [one for one in found if one.issued_at >= since]
    return sorted(late, key=lambda one: one.issued_at, reverse=True)


def _read(device: DeviceId, told: str) -> Revocation:
    fields = json.loads(told)
    return Revocation(device, datetime.fromisoformat(fields["at"]), fields["wipes"])


def revoke(connection: Connection, device: DeviceId, *, wipes: bool, now: datetime) -> None:
    """In force at once: every session of it ends. Rejected(NOT_FOUND) for one nobody knows."""
    if store.device_with(connection, device) is None:
        raise Rejected(Code.NOT_FOUND, "no such device")
    fields = {"at": now.isoformat(), "wipes": wipes}
    keep_fact(connection, _name(device), json.dumps(fields))
    store.end_sessions_of(connection, device, now)
    append(connection, event_of(Act.DEVICE_REVOKED, now, device=device, subject=device))


def readmit(connection: Connection, device: DeviceId, now: datetime) -> None:
    """It was found again. Rejected(NOT_FOUND) for one that was not revoked."""
    if fact(connection, _name(device)) is None:
        raise Rejected(Code.NOT_FOUND, "this device is not revoked")
    forget_fact(connection, _name(device))
    append(connection, event_of(Act.DEVICE_READMITTED, now, device=device, subject=device))


def _name(device: DeviceId) -> str:
    return f"{REVOKED}{device}"
