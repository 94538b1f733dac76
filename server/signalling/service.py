"""Signalling: takes seats, relays words between the seats of a room, tells that the feed moved.

Holds no record. What must be written down goes through the `Presence` port, in order, one by one.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from pydantic import ValidationError

from app.contract.signalling import (
    CLIENT_WORD,
    FRAME_MAX_BYTES,
    SESSION_OVER,
    Join,
    Leave,
    Live,
    Look,
    Ping,
    Pong,
    Refusal,
    Room,
    Seat,
    Signal,
    VouchedSignal,
)
from app.domain.access import Role
from app.domain.clock import Clock
from app.domain.failures import Code, Failure, Rejected
from app.domain.fingerprints import can_be_vouched_for, fingerprints_in
from app.domain.ids import DeviceId, LinkId, PersonId, VisitId
from app.runtime.tasks import TaskOwner
from server.auth import Caller
from server.signalling.allowance import Allowance
from server.signalling.line import POLICY, REPLACED, Line
from server.signalling.onlookers import Onlookers
from server.signalling.relays import RelayLending
from server.signalling.rooms import (
    Changed,
    Effect,
    Interrupted,
    Joined,
    Left,
    Resumed,
    Rooms,
)

log = logging.getLogger(__name__)

EFFECTS_MAX = 1000
BAD_WORDS_MAX = 50
LOOK_AT_SESSION_S = 30.0

SessionUntil = Callable[[UUID], Awaitable[datetime | None]]


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody looks on now; told who sits there when all before is told."""

    visit: VisitId


class Presence(Protocol):
    """Where seats and interruptions are written down."""

    async def why_not_to_join(self, visit: VisitId, person: PersonId) -> Code | None: ...
    async def is_interrupted(self, visit: VisitId) -> bool: ...
    async def seats(self) -> list[tuple[VisitId, Seat]]: ...
    async def joined(self, visit: VisitId, seat: Seat) -> None: ...
    async def left(self, visit: VisitId, seat: Seat, why: Code | None) -> None: ...
    async def interrupted(self, visit: VisitId, since: datetime) -> None: ...
    async def resumed(self, visit: VisitId) -> None: ...


class Signalling:
    """`session_until` tells until when a session stands; None: it does not."""

    def __init__(
        self,
        rooms: Rooms,
        presence: Presence,
        clock: Clock,
        feed_head: Callable[[], int],
        session_until: SessionUntil,
        lending: RelayLending | None = None,
    ) -> None:
        self._rooms = rooms
        self._presence = presence
        self._clock = clock
        self._feed_head = feed_head
        self._session_until = session_until
        self._lending = lending
        self._onlookers = Onlookers()
        self._tasks = TaskOwner("signalling")
        self._effects: asyncio.Queue[Effect | Looked] = asyncio.Queue(EFFECTS_MAX)
        self._time_changed = asyncio.Event()
        self._lines: dict[DeviceId, tuple[Line, Caller]] = {}
        self._allowances: dict[DeviceId, Allowance] = {}

    async def __aenter__(self) -> Self:
        kept = await self._presence.seats()
        visits = {visit for visit, _ in kept}
        interrupted = {visit for visit in visits if await self._presence.is_interrupted(visit)}
        self._rooms.restore(kept, interrupted, self._clock.monotonic())
        self._tasks.start_lasting(self._apply_all, "effects")
        self._tasks.start_lasting(self._watch_time, "seats")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.close()

    def feed_moved(self, position: int) -> None:
        for line, _ in self._lines.values():
            line.say_feed(position)

    def end_session(self, session: UUID) -> None:
        """Its person signed out: the socket is closed."""
        for line, who in self._lines.values():
            if who.session == session:
                line.close(POLICY)

    async def serve(self, line: Line, who: Caller) -> None:
        """One socket, from its handshake to its end."""
        older = self._lines.get(who.device)
        if older is not None:
            older[0].close(REPLACED)
        self._lines[who.device] = (line, who)
        line.say_feed(self._feed_head())
        async with TaskOwner("line") as tasks:
            ends = {
                tasks.start(self._hear_all(line, who), "reading"),
                tasks.start(line.write_all(), "writing"),
                tasks.start(line.is_closing.wait(), "closing"),
                tasks.start(self._watch_session(line, who.session), "session"),
            }
            if self._lending is not None:
                tasks.start(_lend(line, who.device, self._lending), "relays")
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._lost(line, who.device)
        await line.hang_up()

    async def _lost(self, line: Line, device: DeviceId) -> None:
        held = self._lines.get(device)
        if held is None or held[0] is not line:
            return  # a newer socket of this device has taken over
        del self._lines[device]
        self._onlookers.leave(device)
        effects = self._rooms.lose_socket(device, self._clock.now(), self._clock.monotonic())
        await self._put(effects)
        self._time_changed.set()

    async def _watch_session(self, line: Line, session: UUID) -> None:
        """The token was looked at when the socket opened; its session may end before the socket."""
        while True:
            left_s = LOOK_AT_SESSION_S
            try:
                until = await self._session_until(session)
            except Failure as failure:
                log.info("a session could not be looked at: %s", failure.code)
            else:
                if until is None:
                    line.close(SESSION_OVER)
                    return
                left_s = min(left_s, (until - self._clock.now()).total_seconds())
            await asyncio.sleep(max(left_s, 0.0))

    async def _hear_all(self, line: Line, who: Caller) -> None:
        bad_words = 0
        while (text := await line.hear()) is not None:
            try:
                await self._heard(line, who, text)
            except ValidationError:
                bad_words += 1
                if bad_words > BAD_WORDS_MAX:
                    line.close(POLICY)
                    return
                line.say(_refusal(Code.MALFORMED))
            except Failure as refusal:
                line.say(_refusal(refusal.code))

    async def _heard(self, line: Line, who: Caller, text: str) -> None:
        word = CLIENT_WORD.validate_json(text)
        match word:
            case Join():
                try:
                    await self._join(line, VisitId(word.visit), who)
                except Failure as refusal:
                    line.say(_refusal(refusal.code, word.visit))
            case Look():
                await self._look(line, VisitId(word.visit), who)
            case Leave():
                self._onlookers.leave(who.device)
                await self._put(self._rooms.leave(VisitId(word.visit), who.device))
            case Signal():
                self._relay_signal(word, VisitId(word.visit), who.device)
                await asyncio.sleep(0)
            case Live():
                self._must_be_seated(VisitId(word.visit), who.device)
                visit = VisitId(word.visit)
                self._relay(word, who.device, self._rooms.others(visit, who.device))
                await asyncio.sleep(0)  # many words in one read: who hears them writes meanwhile
            case Ping():
                if not math.isfinite(word.sent):
                    raise Rejected(Code.MALFORMED)
                pong = Pong(sent=word.sent, server_time=self._clock.now())
                line.say(pong.model_dump_json())

    async def _join(self, line: Line, visit: VisitId, who: Caller) -> None:
        if not self._allowance(who.device).may_join(self._clock.monotonic()):
            raise Rejected(Code.OVERRUN)
        reason = await self._presence.why_not_to_join(visit, who.person)
        if reason is not None:
            raise Rejected(reason)
        is_interrupted = not self._rooms.is_open(visit) and (
            await self._presence.is_interrupted(visit)
        )
        seat = Seat(
            device=who.device,
            person=who.person,
            name=who.name,
            role=who.role,
            is_connected=True,
            since=self._clock.now(),
        )
        held = self._lines.get(who.device)
        if held is None or held[0] is not line:
            return  # gone meanwhile: a seat without a socket would hold out all others
        effects = self._rooms.join(visit, seat, is_interrupted=is_interrupted)
        self._gave_way(visit, self._onlookers.give_way(visit, who.role), who.device)
        await self._put(effects)

    async def _look(self, line: Line, visit: VisitId, who: Caller) -> None:
        """As much is asked of an onlooker as of who joins; an open seat alone is not enough."""
        if who.role is not Role.CLINICIAN or self._rooms.is_seated(visit, who.device):
            raise Rejected(Code.NOT_ALLOWED)
        if not self._allowance(who.device).may_join(self._clock.monotonic()):
            raise Rejected(Code.OVERRUN)
        if (reason := await self._presence.why_not_to_join(visit, who.person)) is not None:
            raise Rejected(reason)
        held = self._lines.get(who.device)
        if held is None or held[0] is not line or self._rooms.is_seated(visit, who.device):
            return  # gone, or joined, meanwhile
        if any(seat.role is who.role and seat.is_connected for seat in self._rooms.seats(visit)):
            line.say(_refusal(Code.SEAT_TAKEN, visit))
            return
        self._gave_way(visit, self._onlookers.look(visit, who.device), who.device)
        await self._effects.put(Looked(visit))

    def _gave_way(self, visit: VisitId, gone: DeviceId | None, to: DeviceId) -> None:
        if gone is not None and gone != to and gone in self._lines:
            self._lines[gone][0].say(_refusal(Code.SEAT_TAKEN, visit))

    def _must_be_seated(self, visit: VisitId, device: DeviceId) -> None:
        if not self._rooms.is_seated(visit, device):
            raise Rejected(Code.NOT_ALLOWED)

    def _relay_signal(self, word: Signal, visit: VisitId, device: DeviceId) -> None:
        link = LinkId(word.link)
        if self._rooms.is_seated(visit, device):
            onlooker = self._onlookers.whose(visit, link)
            others = self._rooms.others(visit, device) if onlooker is None else [onlooker]
            self._relay(_vouched(word, None), device, others)
        elif self._onlookers.signals(visit, device, link):
            self._relay(_vouched(word, device), device, self._rooms.others(visit, device))
        else:
            raise Rejected(Code.NOT_ALLOWED)

    def _relay(self, word: Signal | Live, device: DeviceId, others: list[DeviceId]) -> None:
        text = word.model_dump_json(exclude_none=True)
        size = len(text.encode())
        if size > FRAME_MAX_BYTES:  # numbers may grow when they are written out
            raise Rejected(Code.TOO_LARGE)
        if not self._allowance(device).may_relay(size, self._clock.monotonic()):
            return  # no refusal for each: that, too, would be a flood
        for other in others:
            if other in self._lines:
                self._lines[other][0].say(text)

    def _allowance(self, device: DeviceId) -> Allowance:
        """Kept while the server runs: a newer socket is no new allowance."""
        return self._allowances.setdefault(device, Allowance(self._clock.monotonic()))

    async def _put(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            await self._effects.put(effect)

    async def _apply_all(self) -> None:
        """One after the other: an interruption and its end must not overtake each other."""
        while True:
            effect = await self._effects.get()
            try:
                await self._apply(effect)
            except Failure as failure:
                log.error("%s was not written: %s", type(effect).__name__, failure.code)

    async def _apply(self, effect: Effect | Looked) -> None:
        match effect:
            case Joined():
                await self._presence.joined(effect.visit, effect.seat)
            case Left():
                await self._presence.left(effect.visit, effect.seat, effect.why)
                if not self._rooms.is_open(effect.visit):
                    self._tell_onlooker(effect.visit)  # no seat is left to be told
            case Looked():
                self._tell_onlooker(effect.visit)
            case Interrupted():
                await self._presence.interrupted(effect.visit, effect.since)
            case Resumed():
                await self._presence.resumed(effect.visit)
            case Changed():
                room = Room(visit=effect.visit, seats=list(effect.seats)).model_dump_json()
                for seat in effect.seats:
                    held = self._lines.get(DeviceId(seat.device))
                    if seat.is_connected and held is not None:
                        held[0].say(room)
                self._tell_onlooker(effect.visit)

    def _tell_onlooker(self, visit: VisitId) -> None:
        device = self._onlookers.at(visit)
        if device is not None and device in self._lines:
            room = Room(visit=visit, seats=list(self._rooms.seats(visit)))
            self._lines[device][0].say(room.model_dump_json())

    async def _watch_time(self) -> None:
        while True:
            due = self._rooms.next_tick()
            try:
                wait_s = None if due is None else max(0.0, due - self._clock.monotonic())
                async with asyncio.timeout(wait_s):
                    await self._time_changed.wait()
                self._time_changed.clear()
            except TimeoutError:
                await self._put(self._rooms.tick(self._clock.monotonic()))


async def _lend(line: Line, device: DeviceId, lending: RelayLending) -> None:
    """Again before it ends: a call may be longer than any name lasts."""
    while True:
        line.say(lending.word_for(device).model_dump_json())
        await asyncio.sleep(lending.lasts_s / 2)


def _vouched(word: Signal, onlooker: DeviceId | None) -> VouchedSignal:
    """Only who is signed in and sits in the room, or looks on, is relayed; it is theirs."""
    fingerprints = fingerprints_in(word.payload.get("sdp"))
    if not can_be_vouched_for(fingerprints):
        raise Rejected(Code.MALFORMED)
    return VouchedSignal(
        visit=word.visit,
        link=word.link,
        payload=word.payload,
        fingerprints=list(fingerprints),
        onlooker=onlooker,
    )


def _refusal(code: Code, visit: UUID | None = None) -> str:
    return Refusal(code=str(code), visit=visit).model_dump_json()
