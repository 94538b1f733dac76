"""The exam camera in a visit: shown or not, stills of it, its controls, and what the far end says.

A still is taken here, whoever asked for it, and waits on the shelf until a screen has kept it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from app.domain.access import Role
from app.domain.changes import Json
from app.domain.clock import Clock
from app.domain.device import DeviceStatus
from app.domain.engine import CallSetup
from app.domain.exam_camera import (
    OPENING_S,
    Control,
    ControlsSeen,
    ControlState,
    FarExamCamera,
    FarStill,
    Focus,
    StillDone,
    StillRefused,
    fault_of,
    is_being_opened,
)
from app.domain.failures import Code, Failure, Rejected
from app.domain.ids import RecordId, VisitId, new_id
from app.runtime.tasks import TaskOwner
from media.devices.camera_key import CameraKey
from media.devices.exam_camera import ExamCamera
from media.exam_pictures import ExamPictures
from media.exam_words import (
    ExamFreeze,
    ExamLook,
    ExamRefused,
    ExamState,
    ExamTaken,
    ExamWord,
    payload_of,
    word_in,
)
from media.link.messages import Freeze, News, SetExamControl
from media.stills_shelf import StillsShelf

log = logging.getLogger(__name__)

FAR_FREEZE_EVERY_S = 0.3
LATER_S = 0.2  # so that what lasted long enough is looked at after that

Tell = Callable[[News, int | None], bool]
OTHER = {Role.CLINICIAN: Role.PRESENTER, Role.PRESENTER: Role.CLINICIAN}


class ExamDesk:
    """`on_change` is told when a person here shows the camera or hides it; `on_focus` what the far
    person has large before them; `camera` is the open one.
    """

    def __init__(
        self,
        tell: Tell,
        clock: Clock,
        *,
        say_far: Callable[[dict[str, Json]], bool],
        camera: Callable[[], ExamCamera | None],
        pictures: ExamPictures,
        on_change: Callable[[], None],
        on_focus: Callable[[Focus], None],
        key: CameraKey | None = None,
    ) -> None:
        self._tell = tell
        self._clock = clock
        self._say_far = say_far
        self._camera = camera
        self._pictures = pictures
        self._on_change = on_change
        self._on_focus = on_focus
        self._key = key or CameraKey(self._key_pressed)
        self._setup: CallSetup | None = None
        self._status: DeviceStatus | None = None
        self._is_opening = False  # looked at once more when that has had its time
        self._said: ExamState | None = None
        self._focus = Focus.EXAM
        self._far_froze_s = float("-inf")
        self._refused = 0
        self.is_on = False
        self.far: FarExamCamera | None = None
        self.shelf = StillsShelf(tell)
        self._tasks = TaskOwner("exam desk")

    def open(self) -> None:
        self._key.start()

    async def close(self) -> None:
        await self._key.close()
        await self._tasks.close()
        self.shelf.close()

    # --- the visit, the link, the screen -------------------------------------------------------

    def begin(self, setup: CallSetup) -> None:
        if self._setup is not None and self._setup.visit != setup.visit:
            self.is_on = False  # of another patient: shown again by a person
        self._setup = setup
        self._tell_far()

    def forget(self) -> None:
        self._setup, self.is_on = None, False
        self.link_is_closed()

    def link_is_up(self) -> None:
        """Whoever is new there has heard nothing."""
        self._said = None
        self._tell_far()
        self._say(ExamLook(self._focus))

    def link_is_closed(self) -> None:
        self._said = None
        if not self.is_on:
            self._pictures.nothing()
        if self.far is not None:
            self.far = None
            self._tell(FarExamCamera(is_there=False, is_on=False), None)

    def screen_came(self) -> None:
        if self.far is not None:
            self._tell(self.far, None)
        self.shelf.screen_came()

    def status_is(self, status: DeviceStatus | None) -> None:
        self._status = status
        fault = None if status is None else fault_of(status)
        if fault is not None and is_being_opened(*fault, self._clock.now()):
            self._look_again()
        self._tell_far()

    def _look_again(self) -> None:
        """What is only being opened is not missing; what stays so is."""
        if not self._is_opening:
            self._is_opening = True
            self._tasks.start(self._has_been_opened(), "wait for the camera")

    async def _has_been_opened(self) -> None:
        await asyncio.sleep(OPENING_S + LATER_S)
        self._is_opening = False
        self.status_is(self._status)

    @property
    def is_far_shown(self) -> bool:
        """Our own, while it is shown, has the place on this screen. Pictures may precede words."""
        return not self.is_on and (self.far is None or self.far.is_on)

    # --- wishes of the screen ------------------------------------------------------------------

    def show(self, is_on: bool) -> None:
        self.is_on = is_on and self._setup is not None and self._setup.exam_camera is not None
        self._status = None
        self._on_change()
        self._tell_far()

    def look_at(self, focus: Focus) -> None:
        self._focus = focus
        self._say(ExamLook(focus))

    def freeze(self, wish: Freeze) -> None:
        """StillFile or StillRefused is told; of the far end's camera FarStill or StillRefused."""
        if wish.is_far:
            if not self._say(ExamFreeze(wish.still, self._pictures.stamp_of(wish.seen_at))):
                self._tell(StillRefused(wish.still, Code.CALL_NOT_OPEN), None)
            return
        side = None if self._setup is None else self._setup.side
        self._take(wish.still, wish.seen_at, side, lambda no: self._tell(no, None))

    def set_control(self, wish: SetExamControl) -> None:
        """ControlsSeen is told."""
        self._tasks.start(self._set_control(wish.control, wish.value), "control")

    # --- what the far end says -----------------------------------------------------------------

    def heard(self, payload: dict[str, Json]) -> None:
        try:
            word = word_in(payload)
        except Rejected as refused:
            self._refuse(refused.code)
            return
        match word:
            case ExamState(is_there, is_on, reason, since):
                self.far = FarExamCamera(is_there, is_on, reason, since)
                if not is_on and not self.is_on:
                    self._pictures.nothing()
                self._tell(self.far, None)
            case ExamLook(focus):
                self._on_focus(focus)
            case ExamFreeze(still, stamp):
                self._far_freezes(still, stamp)
            case ExamTaken(still, sha256):
                self._tell(FarStill(still, sha256), None)
            case ExamRefused(still, code):
                self._tell(StillRefused(still, code), None)

    def _far_freezes(self, still: RecordId, stamp: int | None) -> None:
        now = time.monotonic()
        if self._setup is None or now - self._far_froze_s < FAR_FREEZE_EVERY_S:
            self._say(ExamRefused(still, Code.DEVICE_BUSY))
            return
        self._far_froze_s = now
        seen_at = None if stamp is None else self._pictures.taken_at(stamp)
        self._take(still, seen_at, OTHER[self._setup.side], lambda no: self._say(_refusal_of(no)))

    def _key_pressed(self) -> None:
        if self._setup is not None and self.is_on:
            still = RecordId(new_id())
            self._take(still, None, self._setup.side, lambda no: self._tell(no, None))

    # --- taking --------------------------------------------------------------------------------

    def _take(
        self,
        still: RecordId,
        seen_at: float | None,
        asked_by: Role | None,
        refuse: Callable[[StillRefused], object],
    ) -> None:
        camera, setup = self._camera(), self._setup
        if setup is None or asked_by is None:
            refuse(StillRefused(still, Code.NO_VISIT_OPEN))
        elif camera is None or not self.is_on:
            refuse(StillRefused(still, Code.EXAM_CAMERA_OFF))
        else:
            work = self._taken(still, seen_at, asked_by, setup.visit, camera, refuse)
            self._tasks.start(work, "take still")

    async def _taken(
        self,
        still: RecordId,
        seen_at: float | None,
        asked_by: Role,
        visit: VisitId,
        camera: ExamCamera,
        refuse: Callable[[StillRefused], object],
    ) -> None:
        """It carries the visit of the moment in which it was asked for."""
        try:
            taken = await camera.take(still, seen_at)
            age_s = max(0.0, time.monotonic() - taken.word.taken_at_s)
            done = StillDone(
                still=still,
                visit=visit,
                asked_by=asked_by,
                png=taken.png,
                width=taken.word.width,
                height=taken.word.height,
                sha256=taken.word.sha256,
                pixels_sha256=taken.word.pixels_sha256,
                taken_at=self._clock.now() - timedelta(seconds=age_s),
                source=camera.status.identity.model,
                coding=taken.word.coding,
            )
            self.shelf.add(done)
        except Failure as failure:
            log.warning("no still: %s", failure.code)
            refuse(StillRefused(still, failure.code))
            return
        self._say(ExamTaken(still, done.sha256))

    async def _set_control(self, control: Control | None, value: int) -> None:
        camera = self._camera()
        if camera is None:
            self._tell(ControlsSeen((), None if control is None else Code.EXAM_CAMERA_OFF), None)
            return
        refused: Code | None = None
        controls: tuple[ControlState, ...] = ()
        try:
            if control is not None:
                await camera.set(control, value)
        except Failure as failure:
            refused = failure.code
        try:
            controls = await camera.controls()
        except Failure as failure:
            refused = refused or failure.code
        self._tell(ControlsSeen(controls, refused), None)

    # --- telling -------------------------------------------------------------------------------

    def _tell_far(self) -> None:
        """What is the same as before is not said again."""
        is_there = self._setup is not None and self._setup.exam_camera is not None
        reason, since = self._fault() or (None, None)
        state = ExamState(is_there=is_there, is_on=self.is_on, reason=reason, since=since)
        if state != self._said and self._say(state):
            self._said = state

    def _fault(self) -> tuple[Code, datetime] | None:
        status = self._status if self.is_on else None
        fault = None if status is None else fault_of(status)
        is_new = fault is not None and is_being_opened(*fault, self._clock.now())
        return None if is_new else fault

    def _say(self, word: ExamWord) -> bool:
        return self._say_far(payload_of(word))

    def _refuse(self, code: Code) -> None:
        """The far side must not fill our log: told after one, two, four, eight..."""
        self._refused += 1
        if self._refused.bit_count() == 1:
            log.warning("words about the exam camera refused so far: %d (%s)", self._refused, code)


def _refusal_of(refused: StillRefused) -> ExamRefused:
    return ExamRefused(refused.still, refused.code)
