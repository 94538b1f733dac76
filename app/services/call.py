"""The call of a visit: joined, lost, joined anew by itself, left by hanging up. Never the visit.

Obeys the table of domain/call. The clinician's side makes every new link; the presenter's side
answers. Signalling goes by the switchboard, media by the engine.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import Effect, Event, Phase, advance
from app.domain.changes import Json
from app.domain.failures import Code, Failure, Unavailable
from app.domain.ids import LinkId, VisitId, new_id
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import (
    CallEngine,
    CallSetup,
    EngineAttached,
    EngineGone,
    FarScreen,
    LinkChanged,
    LinkPhase,
    Measures,
    RoomHeard,
    RunningCall,
    SeatState,
    SignalHeard,
    SignalMade,
    SocketUp,
)
from app.services.switchboard import Switchboard

log = logging.getLogger(__name__)

TRY_AGAIN_S = 4.0
WORDS_WAITING = 64
NOTHING_MEASURED = Measures()


@dataclass(frozen=True, slots=True)
class CallState:
    """`phase_since` tells how long the words on the screen have been true."""

    phase: Phase = Phase.IDLE
    phase_since: datetime | None = None
    visit: VisitId | None = None
    link: LinkId | None = None
    far: SeatState | None = None
    far_screen: FarScreen | None = None
    is_muted: bool = False
    is_camera_on: bool = True
    measures: Measures = NOTHING_MEASURED
    contact_s: float = 0.0  # in contact before `live_since`
    live_since: datetime | None = None
    code: Code | None = None


class Call:
    def __init__(
        self, *, engine: CallEngine, switchboard: Switchboard, acts: Acts, role: Role
    ) -> None:
        self._engine = engine
        self._switchboard = switchboard
        self._acts = acts
        self._role = role
        self._setup: CallSetup | None = None
        self._is_taking_over = False
        self.state: Broadcast[CallState] = Broadcast(CallState())
        self._tasks = TaskOwner("call")
        self._words: asyncio.Queue[object] = asyncio.Queue(WORDS_WAITING)
        switchboard.on(RoomHeard, self._put)
        switchboard.on(SignalHeard, self._put)
        switchboard.on(SocketUp, self._put)

    def start(self) -> None:
        self._tasks.start(self._run(), "words")
        self._tasks.start(self._try_again(), "try again")

    async def close(self) -> None:
        await self._tasks.close()

    async def prepare(self, setup: CallSetup) -> None:
        """Camera and sound on, own picture shown, nobody called yet."""
        if self.state.value.phase in (Phase.IDLE, Phase.ENDED):
            self._setup = setup
            await self._engine.prepare(setup)

    async def join(self, setup: CallSetup) -> None:
        """Take the seat in the visit's room; the link follows when the other seat is there."""
        self._setup = setup
        await self._engine.prepare(setup)
        self._tell(visit=setup.visit, code=None, contact_s=0.0, live_since=None, far=None)
        event = self._acts.event(Act.VISIT_JOINED, visit=setup.visit)
        await self._acts.read(lambda unit: unit.audit.add(event))
        await self._advance(Event.JOIN)

    async def take_over(self, setup: CallSetup, running: RunningCall) -> None:
        """A new screen on a call that runs: no new link, only a screen for it."""
        self._setup = setup
        self._is_taking_over = True
        self._tell(visit=running.visit, phase=Phase.REJOINING, phase_since=self._now())
        await self._enter_room()

    async def hang_up(self) -> None:
        """Leave the call, not the visit."""
        visit = self.state.value.visit
        await self._advance(Event.HANG_UP)
        if visit is not None:
            event = self._acts.event(Act.VISIT_LEFT, visit=visit)
            await self._acts.read(lambda unit: unit.audit.add(event))

    async def mute(self, is_muted: bool) -> None:
        await self._engine.mute(is_muted)
        self._tell(is_muted=is_muted)

    async def show_camera(self, is_on: bool) -> None:
        await self._engine.show_camera(is_on)
        self._tell(is_camera_on=is_on)

    def tell_far(self, visit: VisitId, payload: dict[str, Json]) -> None:
        """A live word to the far end: over the call, else by the server, else it is gone."""
        self._tasks.start(self._tell_far(visit, payload), "tell far")

    async def _tell_far(self, visit: VisitId, payload: dict[str, Json]) -> None:
        if self.state.value.phase is Phase.LIVE and self.state.value.visit == visit:
            try:
                await self._engine.send_live(payload)
                return
            except Unavailable:
                pass
        try:
            await self._switchboard.channel.live(visit, payload)
        except Unavailable:
            log.info("a live value had no way to the far end")

    # --- what is heard ---------------------------------------------------------------------

    def heard_engine(self, event: object) -> None:
        """Called for each engine event that concerns the call."""
        self._put(event)

    def _put(self, word: object) -> None:
        try:
            self._words.put_nowait(word)
        except asyncio.QueueFull:
            log.error("more words than the call can take; one of %s dropped", type(word).__name__)

    async def _run(self) -> None:
        while True:
            word = await self._words.get()
            try:
                await self._heard(word)
            except Failure as failure:
                log.info("call: %s", failure.code)
                self._tell(code=failure.code)

    async def _heard(self, word: object) -> None:
        match word:
            case RoomHeard():
                await self._heard_room(word)
            case SignalHeard():
                await self._heard_signal(word)
            case SocketUp():
                if self.state.value.visit is not None and self._is_in_call:
                    await self._enter_room()
            case SignalMade():
                await self._send_signal(word)
            case LinkChanged():
                await self._heard_link(word)
            case FarScreen():
                self._tell(far_screen=word)
            case Measures():
                self._tell(measures=word)
            case EngineGone():
                if self._is_in_call:
                    self._tell(code=Code.MEDIA_PROCESS_ENDED)
                    await self._lose()
            case EngineAttached():
                await self._heard_attached(word)
            case _:
                log.error("unforeseen word %s", type(word).__name__)

    async def _heard_room(self, room: RoomHeard) -> None:
        state = self.state.value
        if room.visit != state.visit:
            return
        before = state.far
        far = next((seat for seat in room.seats if seat.device != self._acts.device), None)
        self._tell(far=far)
        if far is None:
            if before is not None:
                await self._advance(Event.PEER_LEFT)
            return
        is_new = before is None or before.device != far.device
        came_back = before is not None and not before.is_connected
        if not far.is_connected or state.phase is Phase.LIVE:
            return
        if is_new or came_back or state.phase is Phase.WAITING or state.link is None:
            await self._advance(Event.PEER_PRESENT)

    async def _heard_signal(self, word: SignalHeard) -> None:
        state = self.state.value
        if word.visit != state.visit or not self._is_in_call:
            return
        if word.link != state.link:
            if self._role is Role.CLINICIAN:
                return  # an answer to a link that was given up
            self._tell(link=word.link)
            if state.phase is Phase.WAITING:
                self._move(Phase.CONNECTING)
            await self._engine.connect(word.link, is_offerer=False)
        await self._engine.heard_signal(word.link, word.payload)

    async def _send_signal(self, word: SignalMade) -> None:
        visit = self.state.value.visit
        if visit is not None and word.link == self.state.value.link:
            await self._switchboard.channel.signal(visit, word.link, word.payload)

    async def _heard_link(self, word: LinkChanged) -> None:
        state = self.state.value
        if word.phase is LinkPhase.LIVE:
            if state.phase is not Phase.LIVE:
                event = self._acts.event(Act.CALL_STARTED, visit=state.visit, subject=word.link)
                await self._acts.read(lambda unit: unit.audit.add(event))
            self._tell(link=word.link)
            await self._advance(Event.MEDIA_UP)
        elif word.link != state.link:
            return
        elif word.phase is LinkPhase.LOST:
            await self._lose()
        elif word.phase is LinkPhase.FAILED:
            await self._advance(Event.LINK_FAILED)

    async def _heard_attached(self, word: EngineAttached) -> None:
        if not self._is_in_call:
            return
        self._tell(is_muted=word.is_muted, code=None)
        was_taking_over, self._is_taking_over = self._is_taking_over, False
        if word.visit == self.state.value.visit:
            self._tell(link=word.link)
            if word.is_live:
                await self._advance(Event.MEDIA_UP)
            return
        if was_taking_over:
            # The call that was to be taken over is gone. Camera and microphone do not come on
            # behind a locked screen: a person joins again.
            self._tell(visit=None, link=None, code=Code.MEDIA_PROCESS_ENDED)
            self._move(Phase.ENDED)
            return
        self._tell(link=None)
        if self._setup is not None:
            await self._engine.prepare(self._setup)
        await self._advance(Event.PEER_PRESENT)

    async def _lose(self) -> None:
        if self.state.value.phase is Phase.LIVE:
            await self._advance(Event.MEDIA_LOST)

    # --- what is done ----------------------------------------------------------------------

    @property
    def _is_in_call(self) -> bool:
        return self.state.value.phase not in (Phase.IDLE, Phase.ENDED)

    async def _advance(self, event: Event) -> None:
        phase, effect = advance(self.state.value.phase, event)
        self._move(phase)
        await self._obey(effect)

    def _move(self, phase: Phase) -> None:
        state = self.state.value
        if phase is state.phase:
            return
        now = self._now()
        contact_s, live_since = state.contact_s, state.live_since
        if phase is Phase.LIVE:
            live_since = now
        elif live_since is not None:
            contact_s, live_since = contact_s + (now - live_since).total_seconds(), None
        code = None if phase is Phase.LIVE else state.code
        self._tell(
            phase=phase, phase_since=now, contact_s=contact_s, live_since=live_since, code=code
        )

    async def _obey(self, effect: Effect) -> None:
        if effect is Effect.ENTER_ROOM:
            await self._enter_room()
        elif effect is Effect.NEW_LINK:
            await self._new_link()
        elif effect is Effect.CLOSE_LINK:
            self._tell(link=None, far_screen=None)
            await self._engine.close_link()
        elif effect is Effect.LEAVE_ROOM:
            await self._leave_room()

    async def _enter_room(self) -> None:
        """Offline this fails quietly: the room is entered when the socket is up again."""
        visit = self.state.value.visit
        if visit is None:
            return
        try:
            await self._switchboard.channel.join(visit)
        except Unavailable as away:
            self._tell(code=away.code)

    async def _new_link(self) -> None:
        """The clinician's side only, and only with somebody there to answer."""
        state = self.state.value
        if self._role is not Role.CLINICIAN or state.far is None or not state.far.is_connected:
            return
        if not self._switchboard.socket.value.is_up:
            return
        link = LinkId(new_id())
        self._tell(link=link)
        await self._engine.connect(link, is_offerer=True)

    async def _leave_room(self) -> None:
        state = self.state.value
        self._tell(visit=None, link=None, far=None, far_screen=None, measures=NOTHING_MEASURED)
        await self._engine.release()
        event = self._acts.event(Act.CALL_ENDED, visit=state.visit, subject=state.link)
        await self._acts.read(lambda unit: unit.audit.add(event))
        if state.visit is not None:
            try:
                await self._switchboard.channel.leave(state.visit)
            except Unavailable:
                log.info("the room was left while the server was away")

    async def _try_again(self) -> None:
        """A link that does not come up within TRY_AGAIN_S is made anew; nobody has to ask."""
        while True:
            await asyncio.sleep(TRY_AGAIN_S)
            state = self.state.value
            if state.phase in (Phase.CONNECTING, Phase.REJOINING) and state.phase_since is not None:
                age = (self._now() - state.phase_since).total_seconds()
                if age >= TRY_AGAIN_S:
                    await self._new_link()

    def _now(self) -> datetime:
        return self._acts.clock.now()

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
