"""The call as a table of moves. `advance` is pure; the engine obeys effects and reports events.

The visit outlives every call: no row here ends a visit.
"""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.ids import VisitId


class Phase(StrEnum):
    IDLE = "idle"
    WAITING = "waiting"  # in the visit's room, the other side is not there yet
    CONNECTING = "connecting"
    LIVE = "live"
    REJOINING = "rejoining"  # was live, is being joined anew without anybody's doing
    ENDED = "ended"


# A link is there, or was a moment ago, or is being made: what is heard of one can be this call's.
WITH_FAR_SIDE = frozenset({Phase.CONNECTING, Phase.LIVE, Phase.REJOINING})


class Event(StrEnum):
    JOIN = "join"
    PEER_PRESENT = "peer-present"
    MEDIA_UP = "media-up"
    MEDIA_LOST = "media-lost"
    LINK_FAILED = "link-failed"
    PEER_LEFT = "peer-left"
    HANG_UP = "hang-up"


class Effect(StrEnum):
    NONE = "none"
    ENTER_ROOM = "enter-room"
    NEW_LINK = "new-link"
    CLOSE_LINK = "close-link"
    LEAVE_ROOM = "leave-room"


TRANSITIONS: dict[tuple[Phase, Event], tuple[Phase, Effect]] = {
    (Phase.IDLE, Event.JOIN): (Phase.WAITING, Effect.ENTER_ROOM),
    (Phase.ENDED, Event.JOIN): (Phase.WAITING, Effect.ENTER_ROOM),
    (Phase.WAITING, Event.PEER_PRESENT): (Phase.CONNECTING, Effect.NEW_LINK),
    (Phase.CONNECTING, Event.MEDIA_UP): (Phase.LIVE, Effect.NONE),
    (Phase.CONNECTING, Event.LINK_FAILED): (Phase.CONNECTING, Effect.NEW_LINK),
    (Phase.CONNECTING, Event.PEER_PRESENT): (Phase.CONNECTING, Effect.NEW_LINK),
    (Phase.CONNECTING, Event.PEER_LEFT): (Phase.WAITING, Effect.CLOSE_LINK),
    (Phase.LIVE, Event.MEDIA_LOST): (Phase.REJOINING, Effect.NEW_LINK),
    (Phase.LIVE, Event.LINK_FAILED): (Phase.REJOINING, Effect.NEW_LINK),
    (Phase.LIVE, Event.PEER_LEFT): (Phase.WAITING, Effect.CLOSE_LINK),
    (Phase.REJOINING, Event.MEDIA_UP): (Phase.LIVE, Effect.NONE),
    (Phase.REJOINING, Event.LINK_FAILED): (Phase.REJOINING, Effect.NEW_LINK),
    (Phase.REJOINING, Event.PEER_PRESENT): (Phase.REJOINING, Effect.NEW_LINK),
    (Phase.REJOINING, Event.PEER_LEFT): (Phase.WAITING, Effect.CLOSE_LINK),
}
# Hanging up is legal wherever there is something to hang up.
TRANSITIONS |= {
    (phase, Event.HANG_UP): (Phase.ENDED, Effect.LEAVE_ROOM)
    for phase in (Phase.WAITING, Phase.CONNECTING, Phase.LIVE, Phase.REJOINING)
}


def advance(phase: Phase, event: Event) -> tuple[Phase, Effect]:
    """The next phase and what to do; an event that means nothing here changes nothing."""
    return TRANSITIONS.get((phase, event), (phase, Effect.NONE))


@dataclass(frozen=True, slots=True)
class RunningCall:
    """What a new screen needs to take a running call over; cleared when the call ends."""

    visit: VisitId
    socket_path: str
    secret: bytes  # 32 bytes
    generation: int
