"""The exam camera of this desk and what is known of the far end's: shown, looked at, set."""

from dataclasses import dataclass, replace
from typing import Protocol

from app.domain.call import Phase
from app.domain.camera_moves import Move, moves_of, settings_of
from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.engine import DevicesSeen, EngineAttached
from app.domain.exam_camera import (
    Control,
    ControlsSeen,
    ControlState,
    FarExamCamera,
    Focus,
)
from app.domain.failures import Code, Rejected
from app.domain.ids import RecordId
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.call import Call, CallState
from app.services.chart import Chart, ChartState

NOT_SEEN = FarExamCamera(is_there=False, is_on=False)


class ExamEngine(Protocol):
    """The media process's exam camera. Sending never waits for the far end."""

    async def show(self, is_on: bool) -> None: ...
    async def look_at(self, focus: Focus) -> None: ...
    async def freeze(self, still: RecordId, seen_at: float | None, *, is_far: bool) -> None:
        """StillDone, FarStill or StillRefused follows, or nothing when the far end is away."""
        ...

    async def still_kept(self, still: RecordId) -> None:
        """It is safe here: until this is said, each new attachment brings its StillDone again."""
        ...

    async def set_control(self, control: Control | None, value: int) -> None:
        """ControlsSeen follows; None only reads them."""
        ...


class CameraMover(Protocol):
    """Whatever can turn a camera: its own controls, or the head that it stands on."""

    @property
    def moves(self) -> frozenset[Move]:
        """What it can do now; empty: it is not there."""
        ...

    async def make(self, move: Move) -> None:
        """Rejected(CAMERA_CANNOT_MOVE) at its end, or Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class ExamCameraState:
    has_camera: bool  # this desk was given one
    is_on: bool = False
    status: DeviceStatus | None = None
    far: FarExamCamera = NOT_SEEN
    focus: Focus = Focus.EXAM
    controls: tuple[ControlState, ...] = ()
    code: Code | None = None  # why a control was not set

    @property
    def is_live_anywhere(self) -> bool:
        return self.is_on or self.far.is_on


class ExamCamera:
    """Fulfils CameraMover for the camera here; `head` is what it stands on, where that is known."""

    def __init__(
        self,
        *,
        engine: ExamEngine,
        call: Call,
        chart: Chart,
        has_camera: bool,
        head: CameraMover | None = None,
    ) -> None:
        self._engine = engine
        self._call = call
        self._chart = chart
        self._head = head
        self._phase = call.state.value.phase
        self.state: Broadcast[ExamCameraState] = Broadcast(ExamCameraState(has_camera))
        self._tasks = TaskOwner("exam camera")
        self._stops = (call.state.listen(self._call_told), chart.state.listen(self._chart_told))

    async def close(self) -> None:
        for stop in self._stops:
            stop()
        await self._tasks.close()

    # --- what a person does ----------------------------------------------------------------------

    async def show(self, is_on: bool) -> None:
        """Rejected without an open visit: a picture belongs to somebody."""
        if is_on and not self._chart.row.visit.is_open:
            raise Rejected(Code.NO_VISIT_OPEN)
        if is_on and not self.state.value.has_camera:
            raise Rejected(Code.DEVICE_MISSING)
        await self._engine.show(is_on)
        self._tell(is_on=is_on, code=None, controls=())

    async def look_at(self, focus: Focus) -> None:
        await self._engine.look_at(focus)
        self._tell(focus=focus)

    async def set(self, control: Control, value: int) -> None:
        """Of the camera here; what came of it is told by `controls` and `code`."""
        self._tell(code=None)
        await self._engine.set_control(control, value)

    @property
    def moves(self) -> frozenset[Move]:
        head = frozenset[Move]() if self._head is None else self._head.moves
        return head | moves_of(self.state.value.controls)

    async def make(self, move: Move) -> None:
        """By the head where it can; else by the camera's own controls."""
        if self._head is not None and move in self._head.moves:
            await self._head.make(move)
            return
        settings = settings_of(move, self.state.value.controls)
        if not settings:
            raise Rejected(Code.CAMERA_CANNOT_MOVE)
        for setting in settings:
            await self._engine.set_control(setting.control, setting.value)

    # --- what is heard ---------------------------------------------------------------------------

    def heard_far(self, far: FarExamCamera) -> None:
        self._tell(far=far)

    def heard_controls(self, seen: ControlsSeen) -> None:
        self._tell(controls=seen.controls, code=seen.refused)

    def heard_attached(self, attached: EngineAttached) -> None:
        self._tell(is_on=attached.is_exam_on, far=NOT_SEEN)

    def heard_gone(self) -> None:
        self._tell(far=NOT_SEEN, controls=(), status=None)

    def heard_devices(self, seen: DevicesSeen) -> None:
        found = (one for one in seen.devices if one.identity.kind is DeviceKind.EXAM_CAMERA)
        status = next(found, None)
        was_there = _is_found(self.state.value.status)
        self._tell(status=status)
        if _is_found(status) and not was_there and self.state.value.is_on:
            self._tasks.start(self._engine.set_control(None, 0), "read controls")

    def _call_told(self, call: CallState) -> None:
        was, self._phase = self._phase, call.phase
        if call.phase is Phase.ENDED and was is not Phase.ENDED:
            self._off()  # the media process has let all go

    def _chart_told(self, chart: ChartState) -> None:
        if chart.row is None:
            self._off()

    def _off(self) -> None:
        if self.state.value.is_on:
            self._tasks.start(self._engine.show(False), "hide")
        self._tell(is_on=False, far=NOT_SEEN, controls=(), code=None, focus=Focus.EXAM)

    def _tell(self, **fields: object) -> None:
        self.state.tell(replace(self.state.value, **fields))  # type: ignore[arg-type]  # own fields


def _is_found(status: DeviceStatus | None) -> bool:
    return status is not None and status.presence is Presence.FOUND
