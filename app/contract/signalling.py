"""Words on the signalling socket (`/v1/signalling`, WebSocket text frames of JSON, at most 64 KiB).

The token goes in the Authorization header of the handshake. A socket that closes is not a leave:
only `leave` is, or 60 s without a socket.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from app.contract.wire import Body, Count, Instant, ShortText
from app.domain.access import Role
from app.domain.fingerprints import MOST_FINGERPRINTS
from app.domain.relays import MOST_RELAYS

FRAME_MAX_BYTES = 64 * 1024
SEAT_KEPT_S = 15 * 60
LOST_AFTER_S = 60
SESSION_OVER = 4002  # close code: the session behind the socket is over, or was not renewed


class Join(Body):
    """Take the seat of this device in the visit's room; again after each new socket."""

    kind: Literal["join"] = "join"
    visit: UUID


class Look(Body):
    """A clinician has the chart open: tell me who sits there, and carry my signals to them.

    No seat: nobody is told of it. Given up by `leave`, by `join`, and with the socket; a refusal
    with the visit tells that it went to somebody else.
    """

    kind: Literal["look"] = "look"
    visit: UUID


class Leave(Body):
    """Hang up: give the seat back, or look on no more. The visit stays as it is."""

    kind: Literal["leave"] = "leave"
    visit: UUID


class Signal(Body):
    """Session description of one peer connection, relayed to the other seat as it is."""

    kind: Literal["signal"] = "signal"
    visit: UUID
    link: UUID
    payload: Annotated[dict[str, Any], Field(max_length=16)]


class VouchedSignal(Signal):
    """As it reaches the other seat: `fingerprints` are made by the server of what it relays.

    `onlooker`: the device that sent it without a seat; None: it was sent from a seat.
    """

    fingerprints: Annotated[list[ShortText], Field(max_length=MOST_FINGERPRINTS)] = []
    onlooker: UUID | None = None


class Live(Body):
    """A live value while no call carries it; relayed, never stored."""

    kind: Literal["live"] = "live"
    visit: UUID
    payload: Annotated[dict[str, Any], Field(max_length=32)]


class Ping(Body):
    kind: Literal["ping"] = "ping"
    sent: float


class Seat(Body):
    device: UUID
    person: UUID
    name: ShortText
    role: Role
    is_connected: bool
    since: Instant


class Room(Body):
    """Who sits in the visit's room now; sent after each change of it."""

    kind: Literal["room"] = "room"
    visit: UUID
    seats: Annotated[list[Seat], Field(max_length=16)]


class FeedMoved(Body):
    """The feed reached this position: read it when yours is lower."""

    kind: Literal["feed"] = "feed"
    position: Count


class Relays(Body):
    """What media may be relayed by, for so long; told at a socket's opening, and anew in time."""

    kind: Literal["relays"] = "relays"
    urls: Annotated[list[ShortText], Field(max_length=MOST_RELAYS)]
    username: ShortText
    password: ShortText = Field(repr=False)
    lasts_s: Count


class Pong(Body):
    kind: Literal["pong"] = "pong"
    sent: float
    server_time: Instant


class Refusal(Body):
    """What the client just said was not accepted; the socket stays open.

    `visit`: the one whose seat was refused; None for every other word.
    """

    kind: Literal["refusal"] = "refusal"
    code: ShortText
    visit: UUID | None = None


ClientWord = Annotated[Join | Look | Leave | Signal | Live | Ping, Field(discriminator="kind")]
ServerWord = Annotated[
    Room | VouchedSignal | Live | FeedMoved | Relays | Pong | Refusal, Field(discriminator="kind")
]

CLIENT_WORD: TypeAdapter[Join | Look | Leave | Signal | Live | Ping] = TypeAdapter(ClientWord)
SERVER_WORD: TypeAdapter[Room | VouchedSignal | Live | FeedMoved | Relays | Pong | Refusal] = (
    TypeAdapter(ServerWord)
)
