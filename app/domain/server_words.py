"""What the server answers and what is heard on the signalling socket, in the words of the house."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.access import Role
from app.domain.audit import Witness
from app.domain.changes import ChangeResult, FeedPage, Json
from app.domain.failures import Code
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.domain.people import Person
from app.domain.relays import RelayAccess

PUSH_CHANGES = 100  # what every release's server takes in one push


@dataclass(frozen=True, slots=True)
class SignedIn:
    person: Person
    refresh_token: str
    certificate: str  # the document and signature as received, kept in the store
    is_demonstration: bool
    scope: str | None = None  # marks whom the person sees; None: an earlier release's server


@dataclass(frozen=True, slots=True)
class PushAnswer:
    results: tuple[ChangeResult, ...]
    events_until: int
    head: Witness
    leads_to: FeedPage | None = None  # without records: what is behind it is in the results
    takes: int = PUSH_CHANGES  # in the next push


@dataclass(frozen=True, slots=True)
class ArrivingPart:
    """Some of a file, and how long the whole is."""

    data: bytes
    whole_bytes: int


@dataclass(frozen=True, slots=True)
class ChainPart:
    since: int
    leaves: tuple[str, ...]
    head: Witness
    has_more: bool


@dataclass(frozen=True, slots=True)
class DeviceCredentials:
    id: DeviceId
    name: str
    private_key: bytes  # raw Ed25519, 32 bytes


@dataclass(frozen=True, slots=True)
class SeatState:
    device: DeviceId
    person: PersonId
    name: str
    role: Role
    is_connected: bool
    since: datetime


def far_of(seats: tuple[SeatState, ...], role: Role, device: DeviceId) -> SeatState | None:
    """Of the other role only: who has ours is not who we speak with."""
    others = [seat for seat in seats if seat.role is not role and seat.device != device]
    return max(others, key=lambda seat: (seat.is_connected, seat.since), default=None)


@dataclass(frozen=True, slots=True)
class RoomHeard:
    visit: VisitId
    seats: tuple[SeatState, ...]


@dataclass(frozen=True, slots=True)
class RefusalHeard:
    """There is no seat for us in that visit's room."""

    visit: VisitId
    code: Code


@dataclass(frozen=True, slots=True)
class SignalHeard:
    """`fingerprints`: of the certificates that the server vouches for as the far seat's.

    `onlooker`: the device that sent it and has not joined; None: it sits there.
    """

    visit: VisitId
    link: LinkId
    payload: dict[str, Json]
    fingerprints: tuple[str, ...] = ()
    onlooker: DeviceId | None = None


@dataclass(frozen=True, slots=True)
class RelaysHeard:
    access: RelayAccess


@dataclass(frozen=True, slots=True)
class LiveHeard:
    visit: VisitId
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class FeedMovedHeard:
    position: int


@dataclass(frozen=True, slots=True)
class SocketUp:
    pass


@dataclass(frozen=True, slots=True)
class SocketDown:
    code: Code


Heard = (
    RoomHeard
    | RefusalHeard
    | SignalHeard
    | RelaysHeard
    | LiveHeard
    | FeedMovedHeard
    | SocketUp
    | SocketDown
)
