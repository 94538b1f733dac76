"""Holds the call: obeys the screen's wishes, joins devices, links, scope and pictures, and tells.

Goes on without a screen. Knows no socket: words go out through `tell`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from app.domain.access import Role
from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus
from app.domain.engine import (
    CallSetup,
    DevicesSeen,
    FarScreen,
    LadderTold,
    Levels,
    LinkChanged,
    LinkPhase,
    LiveFromFar,
    Measures,
    SignalMade,
)
from app.domain.ids import LinkId
from app.domain.ladder import PICTURE_LEAST, Matters, Step, Stream
from app.domain.picture import Picture
from app.runtime.tasks import TaskOwner
from media.call_devices import CallDevices
from media.call_links import CallLinks
from media.exam_desk import ExamDesk
from media.exam_pictures import ExamPictures
from media.exam_words import is_exam_word
from media.ladder_keeper import LadderKeeper
from media.link.messages import (
    VERSION,
    CloseLink,
    Connect,
    FillLink,
    Freeze,
    Greeted,
    HeardSignal,
    LookAt,
    LookFor,
    Mute,
    News,
    Prepare,
    Release,
    SendLive,
    SetExamControl,
    ShowCamera,
    ShowExamCamera,
    StillKept,
    Surface,
    UseRelays,
    Want,
    WarmUp,
    Which,
    Wish,
)
from media.link.sound_words import OpenSound
from media.rtc.control_words import FarCamera, FarLadder
from media.rtc.link_events import (
    ExamPictureIn,
    LinkEvent,
    LinkFailed,
    LinkLost,
    LinkUp,
    LinkWarm,
    PictureIn,
    ScopeIn,
    SignalOut,
    VoiceIn,
)
from media.rtc.local_tracks import PictureFeed
from media.rtc.relay_paths import RELAYS
from media.scope_room import ScopeRoom
from media.surface_share import SurfaceShare

log = logging.getLogger(__name__)

LEVELS_EVERY_S = 0.1
LADDER_EVERY_S = 1.0

Tell = Callable[[News, int | None], bool]


class CallHost:
    """Used on the loop. `tell` answers whether a screen was there to hear it."""

    def __init__(self, tell: Tell, clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._setup: CallSetup | None = None
        self._is_muted = False
        self._is_camera_on = True
        self._is_capturing = True  # False: no screen for too long
        self._own_screen = FarScreen(False, clock.now())  # as the far side is told of it
        self._far_screen: FarScreen | None = None
        self._is_far_camera_on = True
        self._feed = PictureFeed()
        self._devices = CallDevices(
            clock, self._heard_camera, self._seen_devices, self._heard_exam_camera
        )
        self._links = CallLinks(self._devices.voice, self._devices, self._feed, self._heard_link)
        self._scope = ScopeRoom(tell, clock, self._devices, self._stand)
        self._matters = Matters.PICTURE
        self._ladder = LadderKeeper(
            clock,
            line_state=lambda: live.line_state() if (live := self._links.live) else None,
            running=self._streams,
            tell=self._tell_ladder,
            say_far=self._links.send,
        )
        self._pool = ThreadPoolExecutor(1, "pictures for the screen")
        self._surfaces = {which: SurfaceShare(which, self._pool, tell) for which in Which}
        self._exam_pictures = ExamPictures(self._surfaces[Which.EXAM], self._links.exam_sequence_of)
        self._exam = ExamDesk(
            tell,
            clock,
            say_far=lambda payload: self._links.try_to_send(LiveFromFar(payload)),
            camera=lambda: self._devices.exam_camera,
            pictures=self._exam_pictures,
            on_change=self._exam_changed,
            on_focus=self._links.look_at,
        )
        self._ladder.step.listen(self._step_is)
        self._ladder.voice_line_bit_s.listen(self._links.voice_has)
        self._tasks = TaskOwner("call host")
        self._obey: dict[type[Any], Callable[[Any], None]] = {
            LookFor: lambda wish: self._devices.look_for(wish.equipment),
            Prepare: self._prepare,
            UseRelays: lambda wish: RELAYS.use(wish.access),
            Connect: lambda wish: self._links.connect(wish.link, is_offerer=wish.is_offerer),
            WarmUp: lambda wish: self._links.connect(
                wish.link, is_offerer=wish.is_offerer, is_empty=True
            ),
            FillLink: lambda wish: self._links.fill(wish.link),
            HeardSignal: lambda wish: self._links.heard_signal(wish.link, wish.payload),
            CloseLink: lambda _: self._close_link(),
            Release: lambda _: self._release(),
            Mute: self._mute,
            ShowCamera: self._show_camera,
            Want: lambda wish: self._ladder.want(wish.wants),
            SendLive: lambda wish: self._links.send(LiveFromFar(wish.payload)),
            ShowExamCamera: lambda wish: self._exam.show(wish.is_on),
            LookAt: lambda wish: self._exam.look_at(wish.focus),
            Freeze: self._exam.freeze,
            StillKept: lambda wish: self._exam.shelf.kept(wish.still),
            SetExamControl: self._exam.set_control,
            Surface: lambda wish: self._surfaces[wish.which].size(wish),
            **self._scope.obey,
        }

    async def __aenter__(self) -> Self:
        for which, surface in self._surfaces.items():
            self._tasks.start_lasting(surface.run, f"{which} picture")
        self._tasks.start_lasting(self._tell_levels, "levels")
        self._tasks.start_lasting(self._keep_ladder, "ladder")
        self._scope.open()
        self._exam.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._links.close()
        await RELAYS.close()
        await self._scope.close()
        await self._exam.close()
        await self._devices.close()
        await self._tasks.close()
        self._pool.shutdown()
        for surface in self._surfaces.values():
            surface.close()

    # --- the screen comes, speaks and goes -----------------------------------------------------

    @property
    def has_call(self) -> bool:
        return self._setup is not None

    def greeted(self, generation: int) -> Greeted:
        link, is_live = self._links.shown
        return Greeted(
            version=VERSION,
            generation=generation,
            setup=self._setup,
            link=link,
            is_live=is_live,
            is_muted=self._is_muted,
            is_camera_on=self._is_camera_on,
            is_exam_on=self._exam.is_on,
        )

    def screen_came(self) -> None:
        """What a screen that has just been greeted cannot know."""
        self._screen_is(True)
        if self._devices.statuses:
            self._tell(DevicesSeen(self._devices.statuses), None)
        if self._far_screen is not None:
            self._tell(self._far_screen, None)
        self._ladder.screen_came()
        for surface in self._surfaces.values():
            surface.screen_came()
        self._scope.screen_came()
        self._exam.screen_came()

    def screen_left(self) -> None:
        self._screen_is(False)
        self._links.close_empty()  # nobody is there who could join
        self._scope.screen_left()
        for surface in self._surfaces.values():
            surface.screen_left()

    def stop_capture(self) -> None:
        """No screen for long: no microphone, no camera, until a person asks for them again.

        A screen alone is nobody: it may have been started by itself, and be locked.
        """
        self._capture(False)

    def heard(self, wish: Wish, descriptor: int | None = None) -> None:
        """The descriptor that comes with it is ours."""
        if isinstance(wish, OpenSound):
            assert descriptor is not None
            self._scope.open_sound(wish, descriptor)
        else:
            self._obey[type(wish)](wish)

    def _screen_is(self, is_attached: bool) -> None:
        self._own_screen = FarScreen(is_attached, self._clock.now())
        self._links.send(self._own_screen)

    # --- wishes --------------------------------------------------------------------------------

    def _prepare(self, wish: Prepare) -> None:
        earlier, self._setup = self._setup, wish.setup
        self._capture(True)
        if earlier == wish.setup:
            return
        if earlier is not None and earlier.visit != wish.setup.visit:
            self._close_link()
        self._ladder.begin(wish.setup.side)
        self._scope.visit_is(wish.setup.visit)
        self._links.exam_is(None if wish.setup.exam_camera is None else self._exam_pictures.feed)
        self._exam.begin(wish.setup)
        self._exam_changed()

    def _release(self) -> None:
        self._close_link()
        self._ladder.forget()
        self._scope.visit_is(None)
        self._exam.forget()
        self._setup, self._is_camera_on = None, True
        self._surfaces[Which.SELF].nothing()
        self._exam_pictures.nothing()
        self._mute(Mute(False))
        self._fit_devices()

    def _close_link(self) -> None:
        self._links.close_all()
        self._ladder.end()
        self._scope.follow(None)
        self._exam.link_is_closed()
        self._far_screen, self._is_far_camera_on = None, True
        self._surfaces[Which.FAR].nothing()

    def _mute(self, wish: Mute) -> None:
        self._is_muted = wish.is_muted
        self._devices.mute(wish.is_muted)

    def _show_camera(self, wish: ShowCamera) -> None:
        self._is_camera_on = wish.is_on
        self._turn_feed()
        if not wish.is_on:
            self._surfaces[Which.SELF].nothing()
        self._fit_devices()

    def _step_is(self, step: Step) -> None:
        self._links.bound(step)
        self._turn_feed()

    def _turn_feed(self) -> None:
        """No picture leaves while a person, or the ladder, says none."""
        is_carried = self._ladder.step.value in PICTURE_LEAST
        self._feed.turn(self._is_camera_on and is_carried)
        self._exam_pictures.feed.turn(self._exam.is_on and is_carried)

    def _exam_changed(self) -> None:
        """A person shows the exam camera, or no more; or another visit has begun."""
        is_on = self._exam.is_on and self._is_capturing
        self._links.show_exam(is_on)
        self._turn_feed()
        if not is_on:
            self._exam_pictures.nothing()
        self._fit_devices()

    def _streams(self) -> frozenset[Stream]:
        cameras = {Stream.CAMERA} if self._is_camera_on and self._is_capturing else set()
        exam = {Stream.EXAM_CAMERA} if self._exam_pictures.feed.is_moving else set()
        scope = {Stream.STETHOSCOPE} if self._scope.is_recording else set()
        return frozenset({Stream.VOICE} | cameras | exam | scope)

    def _capture(self, is_capturing: bool) -> None:
        if is_capturing != self._is_capturing:
            self._is_capturing = is_capturing
            log.info("microphone and camera %s", "on again" if is_capturing else "stopped")
            self._exam_changed()

    def _fit_devices(self) -> None:
        self._devices.fit(
            self._setup,
            is_camera_on=self._is_camera_on and self._is_capturing,
            is_microphone_on=self._is_capturing,
            is_exam_on=self._exam.is_on and self._is_capturing,
        )

    # --- what devices tell -----------------------------------------------------------------------

    def _seen_devices(self, statuses: tuple[DeviceStatus, ...]) -> None:
        self._tell(DevicesSeen(statuses), None)
        exam = (one for one in statuses if one.identity.kind is DeviceKind.EXAM_CAMERA)
        self._exam.status_is(next(exam, None))

    def _heard_camera(self, picture: Picture) -> None:
        if not self._is_camera_on or not self._is_capturing:
            return
        self._feed.put(picture.width, picture.height, picture.data)
        self._surfaces[Which.SELF].show_own(picture)

    def _heard_exam_camera(self, picture: Picture) -> None:
        if self._exam.is_on and self._is_capturing:
            self._exam_pictures.own_came(picture)

    async def _tell_levels(self) -> None:
        while True:
            await asyncio.sleep(LEVELS_EVERY_S)
            if self._setup is not None:
                own, far = self._devices.levels
                self._tell(Levels(own, far), None)

    async def _keep_ladder(self) -> None:
        while True:
            await asyncio.sleep(LADDER_EVERY_S)
            self._ladder.look(is_up=self._links.live is not None)

    # --- what links tell -------------------------------------------------------------------------

    def _heard_link(self, link: LinkId, event: LinkEvent) -> None:
        match event:
            case PictureIn(frame):
                if self._is_far_camera_on:
                    self._surfaces[Which.FAR].show(frame, time.monotonic())
            case ExamPictureIn(frame, stamp):
                if self._exam.is_far_shown:
                    self._exam_pictures.far_came(frame, stamp)
            case VoiceIn(samples):
                self._devices.play(samples)
            case ScopeIn(data):
                self._scope.heard(data)
            case SignalOut(payload):
                self._tell(SignalMade(link, payload), None)
            case LinkUp():
                self._link_is_up(link)
            case LinkWarm():
                self._tell(LinkChanged(link, LinkPhase.WARM), None)
            case LinkLost(code):
                self._scope.follow(self._links.live)
                self._tell(LinkChanged(link, LinkPhase.LOST, code), None)
            case LinkFailed(code):
                self._scope.follow(self._links.live)
                self._tell(LinkChanged(link, LinkPhase.FAILED, code), None)
            case FarScreen():
                self._far_screen = event
                self._tell(event, None)
            case FarCamera(is_on):
                self._far_camera_is(is_on)
            case FarLadder():
                self._ladder.far_says(event)
            case Measures():
                is_moving = self._is_far_camera_on
                self._tell(self._ladder.measured(event, is_far_moving=is_moving), None)
            case LiveFromFar(payload) if is_exam_word(payload):
                self._exam.heard(payload)
            case LiveFromFar():
                self._tell(event, None)

    def _link_is_up(self, link: LinkId) -> None:
        self._links.send(self._own_screen)
        self._scope.follow(self._links.live)
        self._tell(LinkChanged(link, LinkPhase.LIVE), None)
        self._ladder.link_is_up()
        self._exam.link_is_up()

    def _stand(self) -> tuple[Step, Matters]:
        has_camera = self._setup is not None and self._setup.camera is not None
        step = self._ladder.step.value
        is_picture_sent = has_camera and self._is_camera_on and self._is_capturing
        return step if is_picture_sent or step is Step.MESSAGES else Step.VOICE, self._matters

    def _tell_ladder(self, told: LadderTold) -> None:
        """What matters most is the clinician's word, for what both sides send."""
        is_ours = self._setup is not None and self._setup.side is Role.CLINICIAN
        wants = told.wants if is_ours or told.far_wants is None else told.far_wants
        self._matters = wants.matters
        self._tell(told, None)

    def _far_camera_is(self, is_on: bool) -> None:
        self._is_far_camera_on = is_on
        if not is_on:
            self._surfaces[Which.FAR].nothing()
