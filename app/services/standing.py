"""This device's lease: renewed while the server answers, in force until it ends or is taken away.

A revocation signs out whoever works here; one that wipes makes the store unreadable first. The
documents were checked against the server's key when they came (app/remote).
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from app.domain.audit import Act
from app.domain.failures import Code, Failure, Unavailable
from app.domain.ids import DeviceId
from app.domain.server_words import DeviceCredentials
from app.domain.standing import (
    REVOCATION_COUNTS_FOR,
    REVOCATIONS_MOST,
    KeptStanding,
    Lease,
    Revocation,
    SignedRevocation,
    ToldStanding,
    newest_of,
    why_not,
)
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import UnitOfWork

log = logging.getLogger(__name__)

ASK_EVERY_S = 600.0
AGAIN_S = 30.0
STANDING, SEEN, SIGNED_LEASE = "standing", "latest-time-seen", "signed-lease"
REVOCATIONS = "revocations"  # of other devices: for desks that meet without the server


class StandingApi(Protocol):
    async def standing(self, device: DeviceCredentials, known_certificate: str) -> ToldStanding:
        """Untrusted when it is not signed by the server of that certificate."""
        ...


class DeviceStanding:
    """`sign_out` with a code; `wipe` makes all that is kept here unreadable for good."""

    def __init__(
        self,
        *,
        server_api: StandingApi,
        acts: Acts,
        device: DeviceCredentials,
        sign_out: Callable[[Code], Awaitable[None]],
        wipe: Callable[[], Awaitable[None]],
    ) -> None:
        self._server_api = server_api
        self._acts = acts
        self._device = device
        self._sign_out = sign_out
        self._wipe = wipe
        self._wake = asyncio.Event()
        self._tasks = TaskOwner("standing")

    def start(self) -> None:
        self._tasks.start_lasting(self._run, "standing")

    async def close(self) -> None:
        await self._tasks.close()

    def ask(self) -> None:
        """Somebody signed in, or was refused: what does the server say of this device now?"""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = ASK_EVERY_S
            try:
                await self._acts.read(keep_time_seen(self._acts.clock.now()))
                await self._ask()
            except Unavailable:
                pause = AGAIN_S
            except Failure as failure:  # of an earlier release, or no server of ours
                log.warning("the server tells no standing of this device: %s", failure.code)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    async def _ask(self) -> None:
        certificate = await self._acts.read(lambda unit: unit.kept.text("certificate"))
        if certificate is None:
            return  # no server knows this device yet
        told = await self._server_api.standing(self._device, certificate)
        standing = told.standing
        kept = KeptStanding(standing, self._acts.clock.now())
        before = await self._acts.read(_keep(kept, told.signed))
        if told.revocations:
            await self._acts.read(keep_revocations(told.revocations))
        if isinstance(standing, Revocation):
            is_news = before is None or before.standing != standing
            await self._revoked(standing, is_news=is_news)

    async def _revoked(self, revocation: Revocation, *, is_news: bool) -> None:
        log.error("this device was revoked by its server")
        if is_news:
            with suppress(Failure):  # a full disk keeps nobody in
                await self._acts.note(self._acts.event(Act.DEVICE_REVOKED))
        await self._sign_out(Code.DEVICE_REVOKED)
        if revocation.wipes:
            await self._wipe()


def what_proves_this_device(unit: UnitOfWork) -> tuple[str, str, tuple[str, ...]] | None:
    """Its certificate and its lease, as the server signed them, and what it signed of others that
    were revoked; None: it has nothing yet.
    """
    certificate, lease = unit.kept.text("certificate"), unit.kept.text(SIGNED_LEASE)
    if certificate is None or lease is None:
        return None
    return certificate, lease, tuple(one.signed for one in kept_revocations(unit))


def kept_revocations(unit: UnitOfWork) -> tuple[SignedRevocation, ...]:
    return tuple(
        SignedRevocation(
            Revocation(
                DeviceId(UUID(one["device"])), datetime.fromisoformat(one["issued"]), one["wipes"]
            ),
            one["signed"],
        )
        for one in json.loads(unit.kept.text(REVOCATIONS) or "[]")
    )


def keep_revocations(told: Iterable[SignedRevocation]) -> Callable[[UnitOfWork], None]:
    """Beside those that are here; told by the server or by a desk of the site, and checked."""

    def write(unit: UnitOfWork) -> None:
        standing = kept_standing(unit)
        since = datetime.min.replace(tzinfo=UTC)
        if standing is not None:
            since = standing.standing.issued_at - REVOCATION_COUNTS_FOR
        known = newest_of((*kept_revocations(unit), *told), since, REVOCATIONS_MOST)
        fields = [
            {
                "device": str(one.revocation.device),
                "issued": one.revocation.issued_at.isoformat(),
                "wipes": one.revocation.wipes,
                "signed": one.signed,
            }
            for one in known
        ]
        unit.kept.keep_text(REVOCATIONS, json.dumps(fields))

    return write


def why_not_offline(unit: UnitOfWork, now: datetime) -> Code | None:
    """Asked before anybody works here without the server."""
    seen = unit.kept.text(SEEN)
    latest = None if seen is None else datetime.fromisoformat(seen)
    return why_not(kept_standing(unit), now, latest)


def keep_time_seen(now: datetime) -> Callable[[UnitOfWork], None]:
    """A clock that is set back later is known by it."""

    def write(unit: UnitOfWork) -> None:
        seen = unit.kept.text(SEEN)
        if seen is None or datetime.fromisoformat(seen) < now:
            unit.kept.keep_text(SEEN, now.isoformat())

    return write


def kept_standing(unit: UnitOfWork) -> KeptStanding | None:
    text = unit.kept.text(STANDING)
    if text is None:
        return None
    fields = json.loads(text)
    device, issued_at = DeviceId(UUID(fields["device"])), datetime.fromisoformat(fields["issued"])
    received_at = datetime.fromisoformat(fields["received"])
    if "expires" not in fields:
        return KeptStanding(Revocation(device, issued_at, fields["wipes"]), received_at)
    expires_at = datetime.fromisoformat(fields["expires"])
    return KeptStanding(Lease(device, issued_at, expires_at), received_at)


def _keep(kept: KeptStanding, signed: str) -> Callable[[UnitOfWork], KeptStanding | None]:
    """The standing before. An older document than the one here changes nothing."""
    standing = kept.standing
    fields: dict[str, object] = {
        "device": str(standing.device),
        "issued": standing.issued_at.isoformat(),
        "received": kept.received_at.isoformat(),
    }
    if isinstance(standing, Lease):
        fields["expires"] = standing.expires_at.isoformat()
    else:
        fields["wipes"] = standing.wipes

    def write(unit: UnitOfWork) -> KeptStanding | None:
        before = kept_standing(unit)
        if before is None or standing.issued_at >= before.standing.issued_at:
            unit.kept.keep_text(STANDING, json.dumps(fields))
            unit.kept.keep_text(SIGNED_LEASE, signed if isinstance(standing, Lease) else None)
            # In contact the server is believed: a clock that ran ahead here ends no lease.
            unit.kept.keep_text(SEEN, kept.received_at.isoformat())
        return before

    return write
