"""Who sits in which visit's room: pure rules, no socket, no database, time as an argument.

A closed socket is not a leave. A seat without a socket is kept; after `lost_after_s` the visit is
interrupted by it, after `seat_kept_s` it is given up. The visit goes on when each role that was
missing is back. Each role has one seat: one that lost its socket gives way to the next of its role.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.contract.signalling import Seat
from app.domain.access import Role
from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId, VisitId

ROOMS_OF_ONE_DEVICE_MAX = 8


@dataclass(frozen=True, slots=True)
class Joined:
    visit: VisitId
    seat: Seat


@dataclass(frozen=True, slots=True)
class Left:
    visit: VisitId
    seat: Seat
    why: Code | None  # None: the person hung up; SEAT_TAKEN: another device of the role came


@dataclass(frozen=True, slots=True)
class Interrupted:
    visit: VisitId
    since: datetime


@dataclass(frozen=True, slots=True)
class Resumed:
    visit: VisitId


@dataclass(frozen=True, slots=True)
class Changed:
    """All in the room are told who sits in it now."""

    visit: VisitId
    seats: tuple[Seat, ...]


Effect = Joined | Left | Interrupted | Resumed | Changed


@dataclass(slots=True)
class _Seated:
    seat: Seat
    away_since: float | None = None  # monotonic; None while there is a socket
    is_lost: bool = False


@dataclass(slots=True)
class _Room:
    seats: dict[DeviceId, _Seated] = field(default_factory=dict)
    missing: set[Role] = field(default_factory=set)


class Rooms:
    def __init__(self, lost_after_s: float, seat_kept_s: float) -> None:
        self._lost_after_s = lost_after_s
        self._seat_kept_s = seat_kept_s
        self._rooms: dict[VisitId, _Room] = {}

    def restore(
        self, kept: Iterable[tuple[VisitId, Seat]], interrupted: set[VisitId], now: float
    ) -> None:
        """After a restart: the seats that are waited for, from now on."""
        for visit, seat in kept:
            room = self._rooms.setdefault(visit, _Room())
            is_lost = visit in interrupted
            room.seats[DeviceId(seat.device)] = _Seated(seat, now, is_lost)
            if is_lost:
                room.missing.add(seat.role)

    def is_open(self, visit: VisitId) -> bool:
        return visit in self._rooms

    def join(self, visit: VisitId, seat: Seat, *, is_interrupted: bool = False) -> list[Effect]:
        """Take or take again the seat of this device; Rejected(SEAT_TAKEN) when another one lives.

        `is_interrupted` counts for a new room.
        """
        device = DeviceId(seat.device)
        room = self._rooms.get(visit)
        if room is None:
            self._must_have_few_rooms(device)
            room = self._rooms[visit] = _Room(missing=set(Role) if is_interrupted else set())
        effects: list[Effect] = self._give_way(visit, room, seat)
        known = room.seats.get(device)
        is_same = known is not None and known.seat.person == seat.person
        is_seated = is_same and known is not None and known.away_since is None
        if not is_seated:
            room.seats[device] = _Seated(seat)
        effects += [] if is_same else [Joined(visit, seat)]
        effects += self._back(visit, room, seat.role)
        return [*effects, self._changed(visit)]

    def leave(self, visit: VisitId, device: DeviceId) -> list[Effect]:
        room = self._rooms.get(visit)
        seated = None if room is None else room.seats.pop(device, None)
        if room is None or seated is None:
            return []
        effects: list[Effect] = [Left(visit, seated.seat, None)]
        effects += self._back(visit, room, seated.seat.role)  # who hangs up is not missing
        return [*effects, *self._told_or_closed(visit, room)]

    def lose_socket(self, device: DeviceId, at: datetime, now: float) -> list[Effect]:
        effects: list[Effect] = []
        for visit, room in self._rooms.items():
            seated = room.seats.get(device)
            if seated is not None and seated.away_since is None:
                away = seated.seat.model_copy(update={"is_connected": False, "since": at})
                room.seats[device] = _Seated(away, now)
                effects.append(self._changed(visit))
        return effects

    def tick(self, now: float) -> list[Effect]:
        """What time alone has brought about."""
        effects: list[Effect] = []
        for visit, room in list(self._rooms.items()):
            for device, seated in list(room.seats.items()):
                if seated.away_since is None:
                    continue
                away_s = now - seated.away_since
                if away_s >= self._lost_after_s and not seated.is_lost:
                    seated.is_lost = True
                    if not room.missing:
                        effects.append(Interrupted(visit, seated.seat.since))
                    room.missing.add(seated.seat.role)
                if away_s >= self._seat_kept_s:
                    del room.seats[device]
                    effects.append(Left(visit, seated.seat, Code.PEER_AWAY))
                    effects += self._told_or_closed(visit, room)
        return effects

    def next_tick(self) -> float | None:
        """When `tick` has something to do next, in monotonic time."""
        times = [
            seated.away_since + (self._seat_kept_s if seated.is_lost else self._lost_after_s)
            for room in self._rooms.values()
            for seated in room.seats.values()
            if seated.away_since is not None
        ]
        return min(times, default=None)

    def is_seated(self, visit: VisitId, device: DeviceId) -> bool:
        """Whether this device sits there with a socket, and so may speak and hear."""
        room = self._rooms.get(visit)
        seated = None if room is None else room.seats.get(device)
        return seated is not None and seated.away_since is None

    def seats(self, visit: VisitId) -> tuple[Seat, ...]:
        room = self._rooms.get(visit, _Room())
        return tuple(seated.seat for seated in room.seats.values())

    def others(self, visit: VisitId, device: DeviceId) -> list[DeviceId]:
        room = self._rooms.get(visit, _Room())
        return [
            other
            for other, seated in room.seats.items()
            if other != device and seated.away_since is None
        ]

    def _give_way(self, visit: VisitId, room: _Room, seat: Seat) -> list[Effect]:
        """Two of one role would both make links, and the call would go to and fro."""
        rivals = {
            device: seated
            for device, seated in room.seats.items()
            if seated.seat.role is seat.role and device != seat.device
        }
        if any(rival.away_since is None for rival in rivals.values()):
            raise Rejected(Code.SEAT_TAKEN)
        for device in rivals:
            del room.seats[device]
        return [Left(visit, rival.seat, Code.SEAT_TAKEN) for rival in rivals.values()]

    def _back(self, visit: VisitId, room: _Room, role: Role) -> list[Effect]:
        if role not in room.missing:
            return []
        room.missing.discard(role)
        return [] if room.missing else [Resumed(visit)]

    def _told_or_closed(self, visit: VisitId, room: _Room) -> list[Effect]:
        if room.seats:
            return [self._changed(visit)]
        del self._rooms[visit]
        return []

    def _changed(self, visit: VisitId) -> Changed:
        return Changed(visit, self.seats(visit))

    def _must_have_few_rooms(self, device: DeviceId) -> None:
        held = sum(device in room.seats for room in self._rooms.values())
        if held >= ROOMS_OF_ONE_DEVICE_MAX:
            raise Rejected(Code.NOT_ALLOWED, "too many rooms")
