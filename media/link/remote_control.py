"""The media process in the screen's hand: asked, heard, and its pictures taken.

Fulfils ports.CallEngine. Loads neither codec, sound nor number library. When it is left without
`quit`, the media process goes on: the next screen takes the call over with `running_call`.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from types import TracebackType
from typing import Self

from app.domain.call import RunningCall
from app.domain.changes import Json
from app.domain.engine import (
    CallSetup,
    EngineAttached,
    EngineEvent,
    EngineGone,
    Equipment,
    LadderTold,
    LinkChanged,
    LinkPhase,
    ScopeDone,
)
from app.domain.failures import Code, Unavailable, Untrusted
from app.domain.ids import LinkId, RecordId
from app.domain.ladder import Wants
from app.domain.picture import Picture
from app.domain.relays import RelayAccess
from media.link.engine_watch import EngineWatch
from media.link.exam_remote import ExamRemote, still_of
from media.link.messages import (
    DROPPABLE,
    CloseLink,
    Connect,
    FillLink,
    Frame,
    Greeted,
    HeardSignal,
    LookFor,
    Mute,
    News,
    NoPicture,
    Prepare,
    Release,
    SendLive,
    ShowCamera,
    StillFile,
    Surfaces,
    UseRelays,
    Want,
    WarmUp,
    Which,
    Wish,
)
from media.link.picture_desk import PictureDesk
from media.link.sealed_memory import contents
from media.link.sound_desk import SoundDesk
from media.link.sound_words import (
    CurveMemory,
    ScopeBegan,
    ScopeFile,
    ScopeKept,
    ScopeRefused,
    SoundShown,
    StartScope,
    StopScope,
)

log = logging.getLogger(__name__)

SCOPE_LIMIT_S = 5.0
EVENTS_WAITING = 1024
WAV_MAX_BYTES = 64 * 1024 * 1024


class RemoteControl:
    """Use on the loop. `arguments` go to the media process (limits that tests shorten)."""

    def __init__(self, running: RunningCall | None = None, arguments: Sequence[str] = ()) -> None:
        self._watch = EngineWatch(
            running,
            arguments,
            on_attached=self._attached,
            on_news=self._heard,
            on_gone=self._gone,
        )
        # What a media process that is started anew must be told at once.
        self._setup: CallSetup | None = None
        self._is_attended = False  # a person at this screen has asked for camera and sound
        self._equipment: Equipment | None = None
        self._is_muted = False
        self._is_camera_on = True
        self._wants: Wants | None = None  # None: whatever it is there
        self._live_link: LinkId | None = None
        self._scope_answers: dict[RecordId, asyncio.Future[None]] = {}
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue(EVENTS_WAITING)
        self._pictures = PictureDesk()
        self.sounds = SoundDesk(self._watch.say, self._tell)
        self.exam = ExamRemote(self._watch.say)

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.quit()

    def open(self) -> None:
        """Begin; EngineAttached tells when the media process answers."""
        self._watch.open()

    async def quit(self) -> None:
        """The person ends the program: the media process ends with it."""
        await self._watch.end()

    async def leave(self) -> None:
        """Let go of the media process and let it run on."""
        await self._watch.leave()

    # --- what the composition root reads ---------------------------------------------------

    @property
    def running_call(self) -> RunningCall | None:
        """What the next screen needs; changes with each EngineAttached. None without a call."""
        address, generation = self._watch.address, self._watch.generation
        if self._setup is None or address is None or generation is None:
            return None
        return RunningCall(self._setup.visit, address.socket_path, address.secret, generation)

    @property
    def setup(self) -> CallSetup | None:
        """The setup in force; after a take-over the one that the earlier screen gave."""
        return self._setup

    @property
    def pid(self) -> int | None:
        """Of the media process that we started; None when it was taken over."""
        return self._watch.pid

    def far_picture(self) -> Picture | None:
        return self._pictures.newest(Which.FAR)

    def self_picture(self) -> Picture | None:
        return self._pictures.newest(Which.SELF)

    def exam_picture(self) -> Picture | None:
        return self._pictures.newest(Which.EXAM)

    def on_picture(self, which: Which, listener: Callable[[], None]) -> None:
        """`listener` is called on the loop when a newer picture, or none any more, is there."""
        self._pictures.listen(which, listener)

    def surface_size(self, which: Which, width: int, height: int) -> None:
        """How many device pixels are there for it; 0 while it is hidden."""
        self._watch.say(self._pictures.size(which, width, height))

    # --- ports.CallEngine --------------------------------------------------------------------

    async def events(self) -> AsyncIterator[EngineEvent]:
        while True:
            yield await self._events.get()

    async def look_for(self, equipment: Equipment) -> None:
        self._equipment = equipment
        self._watch.say(LookFor(equipment))

    async def prepare(self, setup: CallSetup) -> None:
        self._setup, self._is_attended = setup, True
        self._watch.say(Prepare(setup))

    async def use_relays(self, access: RelayAccess) -> None:
        self._must_say(UseRelays(access))

    async def connect(self, link: LinkId, *, is_offerer: bool) -> None:
        self._must_say(Connect(link, is_offerer))

    async def warm_up(self, link: LinkId, *, is_offerer: bool) -> None:
        self._must_say(WarmUp(link, is_offerer))

    async def fill(self, link: LinkId) -> None:
        self._must_say(FillLink(link))

    async def heard_signal(self, link: LinkId, payload: dict[str, Json]) -> None:
        self._must_say(HeardSignal(link, payload))

    async def close_link(self) -> None:
        self._live_link = None
        self._watch.say(CloseLink())

    async def release(self) -> None:
        self._live_link = None
        self._setup, self._is_muted, self._is_camera_on = None, False, True
        self._wants = None
        self.exam.released()
        self._watch.say(Release())

    async def mute(self, is_muted: bool) -> None:
        self._is_muted = is_muted
        self._watch.say(Mute(is_muted))

    async def show_camera(self, is_on: bool) -> None:
        self._is_camera_on = is_on
        self._watch.say(ShowCamera(is_on))

    async def want(self, wants: Wants) -> None:
        self._wants = wants
        self._watch.say(Want(wants))

    async def send_live(self, payload: dict[str, Json]) -> None:
        if self._live_link is None:
            raise Unavailable(Code.CALL_NOT_OPEN, "live value")
        self._must_say(SendLive(payload))

    async def start_scope(self, recording: RecordId, site: str) -> None:
        answer = asyncio.get_running_loop().create_future()
        self._scope_answers[recording] = answer
        try:
            self._must_say(StartScope(recording, site))
            async with asyncio.timeout(SCOPE_LIMIT_S):
                await answer
        except TimeoutError as error:
            raise Unavailable(Code.DEVICE_SILENT, "stethoscope") from error
        finally:
            self._scope_answers.pop(recording, None)

    async def stop_scope(self, recording: RecordId) -> None:
        self._must_say(StopScope(recording))

    async def scope_kept(self, recording: RecordId) -> None:
        self._watch.say(ScopeKept(recording))

    def _must_say(self, wish: Wish) -> None:
        if not self._watch.say(wish):
            raise Unavailable(Code.MEDIA_PROCESS_ENDED, "media process")

    # --- attached and gone -------------------------------------------------------------------

    def _attached(self, greeted: Greeted, is_taken_over: bool) -> None:
        """A call that runs there is ours now; else it is told what ours shall be."""
        self._live_link = greeted.link if greeted.is_live else None
        there, ours = greeted.setup, self._setup
        is_same_visit = there is not None and (ours is None or ours.visit == there.visit)
        is_theirs = is_taken_over and is_same_visit
        if is_theirs:
            self._is_muted, self._is_camera_on = greeted.is_muted, greeted.is_camera_on
            self._setup = ours or there
        else:
            self._watch.say(Mute(self._is_muted))
            self._watch.say(ShowCamera(self._is_camera_on))
            if self._wants is not None:
                self._watch.say(Want(self._wants))
        if self._equipment is not None:
            self._watch.say(LookFor(self._equipment))
        if not self._is_attended and there is None:
            self._setup = None  # it went with the process; nobody here asks for it
        if self._setup is not None and self._is_attended:
            self._watch.say(Prepare(self._setup))
        if is_theirs:
            self.exam.taken_over(greeted.is_exam_on)
        else:
            self.exam.attached()
        for surface in self._pictures.sizes:
            self._watch.say(surface)
        self.sounds.attached()
        visit = there.visit if there is not None else None
        self._tell(
            EngineAttached(
                visit,
                greeted.link,
                greeted.is_live,
                self._is_muted,
                self._is_camera_on,
                self.exam.is_on,
            )
        )

    def _gone(self) -> None:
        """No word will come from it any more."""
        self._live_link = None
        self._pictures.clear()
        self.sounds.gone()
        for answer in self._scope_answers.values():
            if not answer.done():
                answer.set_exception(Unavailable(Code.MEDIA_PROCESS_ENDED, "stethoscope"))
        self._tell(EngineGone())

    # --- hearing -----------------------------------------------------------------------------

    def _heard(self, told: News, descriptor: int | None) -> None:
        match told:
            case Frame() | NoPicture():
                self._pictures.heard(told)
            case Surfaces():
                assert descriptor is not None
                self._pictures.take_memory(told, descriptor)
            case ScopeFile():
                assert descriptor is not None
                self._heard_file(told, descriptor)
            case CurveMemory() | SoundShown():
                assert descriptor is not None
                self.sounds.heard(told, descriptor)
            case StillFile():
                assert descriptor is not None
                self._tell(still_of(told, descriptor))
            case ScopeBegan() | ScopeRefused():
                self._heard_scope_answer(told)
            case LinkChanged():
                self._heard_link(told)
            case LadderTold():
                self._wants = told.wants  # for a process that is started anew
                self._tell(told)
            case _:
                self._tell(told)

    def _heard_link(self, told: LinkChanged) -> None:
        if told.phase is LinkPhase.LIVE:
            self._live_link = told.link
        elif told.link == self._live_link:
            self._live_link = None
        self._tell(told)

    def _heard_scope_answer(self, told: ScopeBegan | ScopeRefused) -> None:
        answer = self._scope_answers.get(told.recording)
        if answer is None or answer.done():
            return
        if isinstance(told, ScopeBegan):
            answer.set_result(None)
        else:
            answer.set_exception(Unavailable(told.code, "stethoscope"))

    def _heard_file(self, told: ScopeFile, descriptor: int) -> None:
        try:
            if not 0 <= told.wav_bytes <= WAV_MAX_BYTES:
                raise Untrusted(Code.TOO_LARGE, "recording")
            wav = contents(descriptor, told.wav_bytes)
        finally:
            os.close(descriptor)
        done = ScopeDone(
            recording=told.recording,
            visit=told.visit,
            site=told.site,
            is_ours=told.is_ours,
            sample_rate_hz=told.sample_rate_hz,
            samples=told.samples,
            sha256=told.sha256,
            wav=wav,
            source=told.source,
            is_complete=told.is_complete,
            gaps=told.gaps,
            continues=told.continues,
        )
        self._tell(done)

    def _tell(self, event: EngineEvent) -> None:
        """Nobody listening must not fill the memory: what a newer word replaces goes first."""
        waiting = self._events.qsize()
        if isinstance(event, DROPPABLE) and waiting > EVENTS_WAITING // 4:
            return
        if waiting >= EVENTS_WAITING:
            log.error("nobody takes the media process's words: %s", Code.OVERRUN)
            return
        self._events.put_nowait(event)
