"""The exam camera's part of a media process without media: stills are taken as a test says."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

from app.domain.access import Role
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.engine import DevicesSeen, EngineEvent
from app.domain.exam_camera import (
    Control,
    ControlsSeen,
    ControlState,
    FarExamCamera,
    FarStill,
    Focus,
    StillDone,
    StillRefused,
    fault_of,
)
from app.domain.failures import Code, Failure
from app.domain.ids import RecordId, VisitId

TAKEN_AT = datetime(2026, 11, 21, 9, 5, tzinfo=UTC)
FOUND = DeviceStatus(
    DeviceIdentity(DeviceKind.EXAM_CAMERA, "exam.avi", "exam.avi"), Presence.FOUND, TAKEN_AT
)
PNG = b"\x89PNG no picture, but bytes that are known again"


class FakeExam:
    """Fulfils ExamEngine. `asked` is what it was asked for, oldest first.

    Two that are tied pass a freeze on: it is carried out where the camera is.
    """

    def __init__(
        self, tells: Callable[[EngineEvent], None], visit: Callable[[], VisitId | None]
    ) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.is_on = False
        self.refusal: Code | None = None
        self.failure: Failure | None = None
        self.is_silent = False
        self.other: FakeExam | None = None
        self.kept: list[RecordId] = []
        self.controls: tuple[ControlState, ...] = ()
        self.png = PNG
        self._tells = tells
        self._visit = visit

    async def show(self, is_on: bool) -> None:
        self.asked.append(("show", is_on))
        self.is_on = is_on
        self._tells(DevicesSeen((FOUND,) if is_on else ()))
        if self.other is not None:
            self.other._tells(FarExamCamera(is_there=True, is_on=is_on))

    def is_camera(self, status: DeviceStatus) -> None:
        """What became of the camera here, while it is shown: both ends hear of it."""
        self._tells(DevicesSeen((status,)))
        if self.other is not None:
            reason, since = fault_of(status) or (None, None)
            self.other._tells(FarExamCamera(True, True, reason, since))

    async def look_at(self, focus: Focus) -> None:
        self.asked.append(("look at", focus))

    async def freeze(self, still: RecordId, seen_at: float | None, *, is_far: bool) -> None:
        if self.failure is not None:
            raise self.failure
        self.asked.append(("freeze", still, seen_at, is_far))
        if self.is_silent:
            return
        if not is_far:
            self.takes(still, Role.PRESENTER)
        elif self.other is not None:
            self.other.far_asks(still)

    def far_asks(self, still: RecordId) -> None:
        assert self.other is not None
        if not self.is_on:
            self.other._tells(StillRefused(still, Code.EXAM_CAMERA_OFF))
        else:
            self.takes(still, Role.CLINICIAN)

    def takes(self, still: RecordId, asked_by: Role) -> None:
        if self.refusal is not None:
            self._tells(StillRefused(still, self.refusal))
            return
        self._tells(self.done(still, asked_by))
        if self.other is not None:
            self.other._tells(FarStill(still, hashlib.sha256(self.png).hexdigest()))

    def done(self, still: RecordId, asked_by: Role) -> StillDone:
        visit = self._visit()
        assert visit is not None
        return self.done_in(visit, still, asked_by)

    def done_in(self, visit: VisitId, still: RecordId, asked_by: Role) -> StillDone:
        return StillDone(
            still=still,
            visit=visit,
            asked_by=asked_by,
            png=self.png,
            width=1920,
            height=1080,
            sha256=hashlib.sha256(self.png).hexdigest(),
            pixels_sha256="00" * 32,
            taken_at=TAKEN_AT,
            source="exam.avi",
            coding="",
        )

    async def still_kept(self, still: RecordId) -> None:
        self.kept.append(still)

    async def set_control(self, control: Control | None, value: int) -> None:
        self.asked.append(("set", control, value))
        self._tells(ControlsSeen(self.controls))


def tie_exams(one: FakeExam, other: FakeExam) -> None:
    one.other, other.other = other, one
