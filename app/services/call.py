"""The call of a visit: joined, lost, joined anew by itself, left by hanging up. Never the visit.

Obeys the table of domain/call. The clinician's side makes every new link; the presenter's side
answers. Signalling goes by the switchboard, media by the engine.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.call import WITH_FAR_SIDE, Effect, Event, Phase, advance
from app.domain.changes import Json
from app.domain.failures import Code, Failure, Unavailable
from app.domain.fingerprints import fingerprints_in
from app.domain.ids import LinkId, VisitId, new_id
from app.domain.server_words import far_of
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.acts import Acts
from app.services.ports import (
    CallEngine,
    CallSetup,
    EngineAttached,
    EngineGone,
    Equipment,
    FarScreen,
    LadderTold,
    LinkChanged,
    LinkPhase,
    Measures,
    RefusalHeard,
    RoomHeard,
    RunningCall,
    SeatState,
    SignalHeard,
    SignalMade,
    SocketUp,
    Wants,
)
from app.services.seat_wait import SeatWait, Step
from app.services.switchboard import Switchboard
from app.services.warm_link import WarmLink

log = logging.getLogger(__name__)

# A try on a line of 600 ms needs four seconds; one that is cut off each time would never come up.
TRY_AGAIN_S = (4.0, 6.0, 9.0, 13.0)
SOON_S = 1.5  # for an answer to an offer that may have gone to a socket which was dead
LOOK_EVERY_S = 0.25
WORDS_WAITING = 64
NOTHING_MEASURED = Measures()
NOTHING_WANTED = Wants()


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
    ladder: LadderTold | None = None  # None: there was no line yet
    wants: Wants = NOTHING_WANTED
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
        self._is_attended = False  # a person at this screen has asked for camera and sound
        self._live_link: LinkId | None = None
        self._seat_wait = SeatWait()
        self._warm = WarmLink(engine, switchboard, acts)
        self._moved_on_at = float("-inf")  # monotonic: the newest link was made, or answered
        self._tries = 0  # since a link was last live
        self._is_answered = False  # the offer of the newest link has reached the far side
        self._is_offer_in_doubt = False
        self._has_refused_peer = False  # since a link was last live: one is told, not each try
        self._is_elsewhere = False  # our own address or route is another one than the link's
        self._unsaid_leave: VisitId | None = None  # hung up while the server was away
        self.state: Broadcast[CallState] = Broadcast(CallState())
        self._tasks = TaskOwner("call")
        self._words: asyncio.Queue[object] = asyncio.Queue(WORDS_WAITING)
        switchboard.on(RoomHeard, self._put)
        switchboard.on(RefusalHeard, self._put)
        switchboard.on(SignalHeard, self._put)
        switchboard.on(SocketUp, self._put)

    def start(self) -> None:
        self._tasks.start_lasting(self._run, "words")
        self._tasks.start_lasting(self._try_again, "try again")

    async def close(self) -> None:
        await self._tasks.close()

    async def look_for(self, equipment: Equipment) -> None:
        await self._engine.look_for(equipment)

    async def prepare(self, setup: CallSetup) -> None:
        """Camera and sound on, own picture shown, nobody called yet."""
        if self.state.value.phase in (Phase.IDLE, Phase.ENDED):
            self._setup, self._is_attended = setup, True
            await self._engine.prepare(setup)
            await self._look_on()

    async def _look_on(self) -> None:
        """Nobody is told; a cart that waits there is met half-way, without sound and picture."""
        if self._role is Role.CLINICIAN and self._setup is not None and not self._is_in_call:
            await self._warm.look_on(self._setup.visit)

    async def join(
        self, setup: CallSetup, before_entering: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Take the seat in the visit's room; the link follows when the other seat is there.

        `before_entering`: what must be done before anything can come of it.
        """
        self._setup, self._is_attended = setup, True
        self._has_refused_peer = False
        self._seat_wait.forget()
        self._warm.joins()
        if self._unsaid_leave == setup.visit:
            self._unsaid_leave = None
        await self._engine.prepare(setup)
        self._tell(visit=setup.visit, code=None, contact_s=0.0, live_since=None, far=None)
        if before_entering is not None:
            await before_entering()
        event = self._acts.event(Act.VISIT_JOINED, visit=setup.visit)
        await self._acts.note(event)
        await self._advance(Event.JOIN)

    async def put_away(self) -> None:
        """The chart is closed without a call: camera and sound go off again."""
        if not self._is_in_call and self._setup is not None:
            self._setup = None
            await self._warm.close()
            await self._engine.release()

    async def take_over(self, setup: CallSetup, running: RunningCall) -> None:
        """A new screen on a call that runs: no new link, only a screen for it."""
        self._setup, self._is_attended = setup, False
        self._tell(visit=running.visit, phase=Phase.REJOINING, phase_since=self._now())
        await self._enter_room()

    async def attend(self) -> None:
        """The screen was unlocked: camera and microphone may have stopped meanwhile."""
        self._is_attended = True
        if self._is_in_call and self._setup is not None:
            await self._engine.prepare(self._setup)
        await self._look_on()

    def screen_locked(self) -> None:
        """Nobody can join from here now: what was made for it ends."""
        self._tasks.start(self._warm.close(), "look on no more")

    async def hang_up(self) -> None:
        """Leave the call, not the visit."""
        visit = self.state.value.visit
        await self._advance(Event.HANG_UP)
        if visit is not None:
            event = self._acts.event(Act.VISIT_LEFT, visit=visit)
            await self._acts.note(event)

    async def mute(self, is_muted: bool) -> None:
        await self._engine.mute(is_muted)
        self._tell(is_muted=is_muted)

    async def show_camera(self, is_on: bool) -> None:
        await self._engine.show_camera(is_on)
        self._tell(is_camera_on=is_on)

    async def want(self, wants: Wants) -> None:
        """What matters most, and whether the picture is held off; holds for this visit."""
        await self._engine.want(wants)
        self._tell(wants=wants)

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

    def network_changed(self) -> None:
        """Our address or route is another one: once the server is heard again a link follows."""
        self._is_elsewhere = True

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
            case RefusalHeard():
                await self._heard_refusal(word)
            case SignalHeard():
                await self._heard_signal(word)
            case SocketUp():
                await self._say_leave()
                if self.state.value.visit is not None and self._is_in_call:
                    await self._enter_room()
                else:
                    await self._warm.socket_is_up()
            case SignalMade():
                await self._send_signal(word)
            case LinkChanged():
                await self._heard_link(word)
            case FarScreen() | Measures() | LadderTold():
                self._heard_of_link(word)
            case EngineGone():
                self._live_link = None
                self._warm.lost()
                self._tell(ladder=None)
                if self._is_in_call:
                    self._tell(code=Code.MEDIA_PROCESS_ENDED)
                    await self._lose()
            case EngineAttached():
                await self._heard_attached(word)
            case _:
                log.error("unforeseen word %s", type(word).__name__)

    def _heard_of_link(self, word: FarScreen | Measures | LadderTold) -> None:
        """Such a word names no visit: what was under way at hanging up is not the next's."""
        if self.state.value.phase not in WITH_FAR_SIDE:
            return
        match word:
            case FarScreen():
                self._tell(far_screen=word)
            case Measures():
                self._tell(measures=word)
            case LadderTold():
                self._tell(ladder=word, wants=word.wants)

    async def _heard_room(self, room: RoomHeard) -> None:
        state = self.state.value
        if not self._is_in_call:
            await self._warm.heard_room(room)
        if room.visit != state.visit:
            return
        if any(seat.device == self._acts.device and seat.is_connected for seat in room.seats):
            self._seated()
        before = state.far
        far = far_of(room.seats, self._role, self._acts.device)
        self._tell(far=far)
        if far is None:
            if before is not None:
                await self._advance(Event.PEER_LEFT)
            return
        is_new = before is None or before.device != far.device
        came_back = before is not None and not before.is_connected
        if not far.is_connected:
            return
        if state.phase is Phase.LIVE:
            if before is not None and is_new:  # they went on at another device
                await self._lose()
            elif self._is_elsewhere:
                await self._new_link()  # beside the one that may have lost its way
            return
        if is_new or came_back or state.phase is Phase.WAITING or state.link is None:
            self._tries = 0
            await self._advance(Event.PEER_PRESENT)
        else:  # a socket, ours or theirs, was opened anew: an offer may have gone to the old one
            self._tries = 0
            self._is_offer_in_doubt = not self._is_answered
            if self._link_age_s >= self._patience_s:
                await self._advance(Event.PEER_PRESENT)

    def _seated(self) -> None:
        if self._seat_wait.code is not None:
            if self.state.value.code is self._seat_wait.code:
                self._tell(code=None)
            self._seat_wait.forget()

    async def _heard_refusal(self, word: RefusalHeard) -> None:
        if not self._is_in_call:
            await self._warm.refused(word.visit)
        if word.visit != self.state.value.visit or not self._is_in_call:
            return
        self._seat_wait.refused(word.code, self._acts.clock.monotonic())
        if self.state.value.phase is not Phase.LIVE:
            self._tell(code=word.code)
        await self._look_at_seat()

    async def _look_at_seat(self) -> None:
        """Without a seat no link is made: it is asked for again, or the waiting ends with why."""
        if not self._is_in_call:
            return
        code, is_live = self._seat_wait.code, self.state.value.phase is Phase.LIVE
        step = self._seat_wait.step(self._acts.clock.monotonic(), is_live=is_live)
        if step is Step.ASK_AGAIN:
            await self._enter_room()
        elif step is Step.GIVE_UP:
            await self.hang_up()
            self._tell(code=code)

    async def _heard_signal(self, word: SignalHeard) -> None:
        state = self.state.value
        if word.onlooker is not None or word.link == self._warm.link:
            await self._heard_warm_signal(word)
            return
        if word.visit != state.visit or not self._is_in_call:
            return
        if fingerprints_in(word.payload.get("sdp")) != word.fingerprints:
            await self._refuse_peer(word.link, word.visit)
            return
        if word.link != state.link:
            if self._role is Role.CLINICIAN:
                return  # an answer to a link that was given up
            self._tell(link=word.link)
            if state.phase is Phase.WAITING:
                self._move(Phase.CONNECTING)
            await self._engine.connect(word.link, is_offerer=False)
        if not self._is_answered:
            self._is_answered, self._moved_on_at = True, self._acts.clock.monotonic()
        await self._engine.heard_signal(word.link, word.payload)

    async def _heard_warm_signal(self, word: SignalHeard) -> None:
        """The answer to our offer; or an onlooker's, while nobody sits at the other side."""
        if word.onlooker is not None:
            state = self.state.value
            is_waiting = self._is_in_call and word.visit == state.visit and state.far is None
            if self._role is not Role.PRESENTER or not is_waiting:
                return
        if fingerprints_in(word.payload.get("sdp")) != word.fingerprints:
            await self._refuse_peer(word.link, word.visit)
        elif word.link == self._warm.link and self._role is Role.CLINICIAN:
            await self._engine.heard_signal(word.link, word.payload)
        else:
            await self._warm.answer(word)

    async def _refuse_peer(self, link: LinkId, visit: VisitId | None) -> None:
        """Who speaks there is not who the server knows; other tries go on, patiently."""
        self._tell(code=Code.PEER_UNTRUSTED)
        if self._has_refused_peer:
            return
        self._has_refused_peer = True
        log.warning("a peer was refused: %s", Code.PEER_UNTRUSTED)
        await self._acts.note(
            self._acts.event(Act.PEER_REFUSED, visit=visit, subject=link, code=Code.PEER_UNTRUSTED)
        )

    async def _send_signal(self, word: SignalMade) -> None:
        visit = self.state.value.visit
        if word.link == self._warm.link:
            await self._warm.send(word)
        elif visit is not None and word.link == self.state.value.link:
            await self._switchboard.channel.signal(visit, word.link, word.payload)

    async def _heard_link(self, word: LinkChanged) -> None:
        if word.link == self._warm.link:
            await self._heard_warm_link(word)
            return
        if not self._is_in_call:
            return  # of a call that was hung up
        if word.phase is LinkPhase.LIVE:
            await self._heard_live(word.link)
            return
        if word.code is Code.PEER_UNTRUSTED:
            await self._refuse_peer(word.link, self.state.value.visit)
            return
        was_live = word.link == self._live_link
        if was_live and word.phase in (LinkPhase.LOST, LinkPhase.FAILED):
            self._live_link = None
        if word.link != self.state.value.link:
            if self._live_link is None and was_live:  # and its successor is not up yet
                await self._lose()
        elif word.phase is LinkPhase.LOST:
            await self._lose()
        elif word.phase is LinkPhase.FAILED:
            await self._advance(Event.LINK_FAILED)

    async def _heard_warm_link(self, word: LinkChanged) -> None:
        if word.code is Code.PEER_UNTRUSTED:
            await self._refuse_peer(word.link, self._warm.visit)
        elif word.phase is LinkPhase.WARM and self.state.value.code is Code.PEER_UNTRUSTED:
            self._tell(code=None)
        self._warm.changed(word.phase)

    async def _heard_live(self, link: LinkId) -> None:
        before = self.state.value.phase
        self._live_link, self._tries, self._has_refused_peer = link, 0, False
        self._tell(link=link)
        await self._advance(Event.MEDIA_UP)
        if before is not Phase.LIVE and self.state.value.phase is Phase.LIVE:
            event = self._acts.event(Act.CALL_STARTED, visit=self.state.value.visit, subject=link)
            await self._acts.note(event)

    async def _heard_attached(self, word: EngineAttached) -> None:
        if not self._is_in_call:
            return
        self._tell(is_muted=word.is_muted, is_camera_on=word.is_camera_on, code=None)
        if word.visit == self.state.value.visit:
            self._tell(link=word.link)
            if word.is_live:
                self._live_link = word.link
                await self._advance(Event.MEDIA_UP)
            return
        if not self._is_attended:
            # The call that was taken over is gone. Camera and microphone do not come on
            # behind a locked screen: a person joins again.
            self._unsaid_leave = self.state.value.visit  # nor does the seat stay taken
            self._tell(visit=None, link=None, far=None, code=Code.MEDIA_PROCESS_ENDED)
            self._move(Phase.ENDED)
            await self._say_leave()
            return
        self._tell(link=None)
        if self._setup is not None:
            await self._engine.prepare(self._setup)
        if self.state.value.phase is not Phase.WAITING:
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
            self._live_link = None
            self._warm.forget()
            self._tell(link=None, far_screen=None, ladder=None)
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
            return
        if self.state.value.code is Code.SERVER_UNREACHABLE:
            self._tell(code=None)

    async def _new_link(self) -> None:
        """With somebody there to answer: the warm one, or a new one by the clinician's side."""
        state = self.state.value
        if state.far is None or not state.far.is_connected:
            return
        if (warm := self._warm.take(state.far.device)) is not None:
            self._moved_on_at, self._is_elsewhere = self._acts.clock.monotonic(), False
            self._is_answered, self._is_offer_in_doubt = True, False
            self._tell(link=warm)
            await self._engine.fill(warm)
            return
        if self._role is not Role.CLINICIAN or state.visit is None:
            return
        if not self._switchboard.channel.reaches(state.visit):
            return
        link = LinkId(new_id())
        self._moved_on_at, self._is_elsewhere = self._acts.clock.monotonic(), False
        self._is_answered = self._is_offer_in_doubt = False
        self._tell(link=link)
        await self._engine.connect(link, is_offerer=True)

    @property
    def _patience_s(self) -> float:
        if self._is_offer_in_doubt and not self._is_answered:
            return SOON_S
        return TRY_AGAIN_S[min(self._tries, len(TRY_AGAIN_S) - 1)]

    @property
    def _link_age_s(self) -> float:
        """Since it was made, or answered: at 600 ms an answer alone takes more than a second."""
        return self._acts.clock.monotonic() - self._moved_on_at

    async def _leave_room(self) -> None:
        state = self.state.value
        self._live_link, self._setup = None, None
        self._seat_wait.forget()
        self._warm.forget()
        # The media process forgets these with the visit.
        self._tell(visit=None, link=None, far=None, far_screen=None, measures=NOTHING_MEASURED)
        self._tell(is_muted=False, is_camera_on=True, ladder=None, wants=NOTHING_WANTED)
        await self._engine.release()
        self._unsaid_leave = state.visit
        await self._say_leave()
        event = self._acts.event(Act.CALL_ENDED, visit=state.visit, subject=state.link)
        await self._acts.note(event)

    async def _say_leave(self) -> None:
        """A seat is given back by a word only: one that could not be said is said later."""
        visit = self._unsaid_leave
        if visit is None:
            return
        try:
            await self._switchboard.channel.leave(visit)
        except Unavailable:
            log.info("the room was left while the server was away")
            return
        self._unsaid_leave = None

    async def _try_again(self) -> None:
        """A link that does not come up within TRY_AGAIN_S is made anew; nobody has to ask."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._look_at_seat()
                if not self._is_in_call:
                    await self._warm.look_again()
                is_wanted = self.state.value.phase in (Phase.CONNECTING, Phase.REJOINING)
                if is_wanted and self._link_age_s >= self._patience_s:
                    self._tries += 1
                    await self._new_link()
            except Failure as failure:
                log.info("no new link: %s", failure.code)

    def _now(self) -> datetime:
        return self._acts.clock.now()

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields
