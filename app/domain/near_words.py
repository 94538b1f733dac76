"""What is heard of desks on the same site that have proven who they are."""

from dataclasses import dataclass

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId


@dataclass(frozen=True, slots=True)
class NearFound:
    """Heard first, or changed. `visit`: whose call this person has joined."""

    device: DeviceId
    person: PersonId
    name: str
    role: Role
    visit: VisitId | None


@dataclass(frozen=True, slots=True)
class NearLost:
    device: DeviceId


@dataclass(frozen=True, slots=True)
class NearSignal:
    device: DeviceId
    visit: VisitId
    link: LinkId
    payload: dict[str, Json]


@dataclass(frozen=True, slots=True)
class NearLive:
    device: DeviceId
    visit: VisitId
    payload: dict[str, Json]


NearHeard = NearFound | NearLost | NearSignal | NearLive
