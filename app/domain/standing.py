"""Whether a device may hold what it holds: the server's lease, or its word that this has ended.

A lease covers work without the server until it ends; the device's clock is believed only forwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.failures import Code
from app.domain.ids import DeviceId

# A clock that is set right by a little is not one that was set back.
CLOCK_MENDED_BY = timedelta(minutes=10)
LEASE_LEAST, LEASE_MOST = timedelta(hours=1), timedelta(hours=72)
# Of a device that was revoked longer ago no lease can stand any more, on no clock.
REVOCATION_COUNTS_FOR = LEASE_MOST + timedelta(hours=1)
REVOCATIONS_MOST = 24  # told at once, the newest


@dataclass(frozen=True, slots=True)
class Lease:
    device: DeviceId
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Revocation:
    """`wipes`: what the device holds is to be made unreadable, unsent acts as well."""

    device: DeviceId
    issued_at: datetime
    wipes: bool


Standing = Lease | Revocation


@dataclass(frozen=True, slots=True)
class SignedRevocation:
    """`signed`: the document and signature as received, which prove it to others, too."""

    revocation: Revocation
    signed: str

    def counts_against(self, lease: Lease) -> bool:
        """A lease that was given later is of a device that was found again."""
        word = self.revocation
        return word.device == lease.device and lease.issued_at <= word.issued_at


def newest_of(
    told: Iterable[SignedRevocation], since: datetime, most: int
) -> tuple[SignedRevocation, ...]:
    """One of each device, the newest first; of before `since` no lease can stand any more."""
    found: dict[DeviceId, SignedRevocation] = {}
    for one in sorted(told, key=lambda one: one.revocation.issued_at):
        if one.revocation.issued_at >= since:
            found[one.revocation.device] = one
    newest_first = sorted(found.values(), key=lambda one: one.revocation.issued_at, reverse=True)
    return tuple(newest_first[:most])


@dataclass(frozen=True, slots=True)
class ToldStanding:
    """`signed`: as of a revocation. `revocations`: of other devices."""

    standing: Standing
    signed: str
    revocations: tuple[SignedRevocation, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptStanding:
    """`received_at` by the device's clock, which may be wrong as long as it is equally wrong."""

    standing: Standing
    received_at: datetime


def why_not(kept: KeptStanding | None, now: datetime, seen: datetime | None) -> Code | None:
    """Why nobody may work here without the server; None: they may.

    Without any standing the server knows none: it is of an earlier release. `seen` is the latest
    time that this device's clock ever showed: one that was set back does not make a lease longer.
    """
    if kept is None:
        return None
    if isinstance(kept.standing, Revocation):
        return Code.DEVICE_REVOKED
    lasts = kept.standing.expires_at - kept.standing.issued_at
    latest = now if seen is None else max(now, seen)
    is_set_back = now < kept.received_at - CLOCK_MENDED_BY
    return Code.LEASE_ENDED if is_set_back or latest - kept.received_at >= lasts else None
