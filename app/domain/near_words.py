"""What is heard from desks of the same site without the server, in the words of the house.

Only desks that have proven themselves are told of; what they say of a person is their own word.
"""

from dataclasses import dataclass

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId


@dataclass(frozen=True, slots=True)
class NearFound:
    """Told first on each new connection, and at each change. `visit`: whose call they joined."""

    device: DeviceId
    person: PersonId
    name: str
    role: Role
    visit: VisitId | None


@dataclass(frozen=True, slots=True)
class NearLost:
    """Once for each desk that was found and has no connection any more."""

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
