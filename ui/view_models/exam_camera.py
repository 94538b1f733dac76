"""The exam camera beside the call: shown, looked at, frozen, set, moved from afar by a lease."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.call import Phase
from app.domain.camera_lease import Hold
from app.domain.camera_moves import Move
from app.domain.clock import Clock
from app.domain.exam_camera import (
    AUTOMATICS,
    Control,
    ControlState,
    Focus,
    fault_of,
    is_being_opened,
    is_missing,
)
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.call import Call
from app.services.camera_lease import CameraLease
from app.services.chart import Chart
from app.services.exam_camera import ExamCamera, ExamCameraState
from app.services.stills import FreezePhase, Stills
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.refusal import Refusal


@dataclass(frozen=True, slots=True)
class ControlScreen:
    """A slider, or a switch where `least` is 0 and `most` is 1."""

    control: Control
    name: str
    least: int
    most: int
    step: int
    value: int
    is_switch: bool
    can_set: bool


@dataclass(frozen=True, slots=True)
class LeaseScreen:
    """Who moves the camera from afar; the same words stand at both ends."""

    words: str = ""
    tone: Tone = Tone.PLAIN
    question: str = ""  # at the cart: a person answers
    can_ask: bool = False
    can_give_back: bool = False
    can_take_back: bool = False
    moves: tuple[Move, ...] = ()  # what its buttons may do now


@dataclass(frozen=True, slots=True)
class ExamScreen:
    """`is_shown`: there is an exam camera at one of the two ends."""

    is_shown: bool = False
    focus: Focus | None = None  # None: no exam picture stands on the screen
    caption: str = ""
    absent: str = ""
    gone: str = (
        ""  # its camera is missing: the last picture goes, and nothing stands for a live one
    )
    can_show: bool = False  # the camera is at this end
    is_on: bool = False
    can_freeze: bool = False
    freeze_name: str = ""
    state: str = ""
    state_tone: Tone = Tone.PLAIN
    stills: str = ""  # "Stills (3)"
    is_moving_shown: bool = False  # the page with the camera's moves and controls
    lease: LeaseScreen = LeaseScreen()
    controls: tuple[ControlScreen, ...] = ()


class ExamIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> ExamScreen: ...
    @property
    def freeze_key(self) -> str: ...
    def toggle(self) -> None:
        """Show the exam camera here, or hide it."""
        ...

    def look_at(self, focus: Focus) -> None: ...
    def freeze(self, seen_at: float | None) -> None:
        """Of the picture that stood on the screen under that time."""
        ...

    def toggle_moving(self) -> None:
        """The page with the camera's moves and controls, there or away."""
        ...

    def ask(self) -> None: ...
    def give_back(self) -> None: ...
    def answer(self, is_granted: bool) -> None: ...
    def take_back(self) -> None: ...
    def move(self, move: Move) -> None: ...
    def set(self, control: Control, value: int) -> None: ...


class ExamViewModel(ViewModel[ExamScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        exam: ExamCamera,
        stills: Stills,
        lease: CameraLease,
        call: Call,
        chart: Chart,
        clock: Clock,
        freeze_key: str,
    ) -> None:
        super().__init__(tasks, ticker)
        self._exam = exam
        self._stills = stills
        self._lease = lease
        self._call = call
        self._chart = chart
        self._clock = clock
        self._freeze_key = freeze_key
        self._is_moving_shown = False
        self._refusal = Refusal(chart)
        self.listen_to(exam.state, stills.state, lease.state, call.state, chart.state)

    @property
    def freeze_key(self) -> str:
        return self._freeze_key

    def compose(self) -> ExamScreen:
        exam, row = self._exam.state.value, self._chart.state.value.row
        if row is None:
            return ExamScreen()
        is_shown = exam.has_camera or exam.far.is_there or bool(self._chart.state.value.stills)
        is_picture = exam.is_live_anywhere
        fault = self._fault(exam)
        state, tone = self._state(exam, fault)
        is_gone = is_picture and fault is not None and is_missing(fault[0])
        return ExamScreen(
            is_shown=is_shown,
            focus=exam.focus if is_picture else None,
            caption=self._caption(exam),
            absent="" if is_picture else wording.text("exam.none"),
            gone=wording.text("exam.missing") if is_gone else "",
            can_show=exam.has_camera and row.visit.is_open,
            is_on=exam.is_on,
            can_freeze=is_picture and row.visit.is_open,
            freeze_name=wording.text("exam.freeze-name", keys=wording.isolate(self._freeze_key)),
            state=state,
            state_tone=tone,
            stills=wording.text("exam.stills", count=len(self._chart.state.value.stills)),
            is_moving_shown=self._is_moving_shown and is_picture,
            lease=self._lease_screen(exam),
            controls=tuple(_control(one) for one in exam.controls),
        )

    def _caption(self, exam: ExamCameraState) -> str:
        if exam.is_on:
            model = "" if exam.status is None else exam.status.identity.model
            return wording.text("exam.caption-own", camera=wording.isolate_name(model))
        far = self._call.state.value.far
        name = wording.text("call.other-side") if far is None else far.name
        return wording.text("exam.caption-far", name=name) if exam.far.is_on else ""

    def _state(
        self, exam: ExamCameraState, fault: tuple[Code, datetime] | None
    ) -> tuple[str, Tone]:
        """What a person must know first: why it is not live, then what became of a freeze."""
        code = self._refusal.code
        if code is not None:
            return wording.failure(code), Tone.BAD
        if fault is not None:
            return _fault_words(*fault), Tone.BAD
        stills = self._stills.state.value
        if stills.code is not None:
            return wording.failure(stills.code), Tone.BAD
        if exam.code is not None:
            return wording.failure(exam.code), Tone.BAD
        if stills.phase is FreezePhase.IDLE:
            return "", Tone.PLAIN
        tone = {FreezePhase.KEPT: Tone.GOOD, FreezePhase.TAKEN_THERE: Tone.GOOD}
        return wording.text(f"exam.still.{stills.phase}"), tone.get(stills.phase, Tone.ATTENTION)

    def _fault(self, exam: ExamCameraState) -> tuple[Code, datetime] | None:
        """Why the picture that stands here is not live, and since when."""
        status, far = exam.status, exam.far
        fault = fault_of(status) if exam.is_on and status is not None else None
        if fault is not None and not is_being_opened(*fault, self._clock.now()):
            return fault
        if not exam.is_on and far.is_on and far.reason is not None and far.since is not None:
            return far.reason, far.since
        return None

    def _lease_screen(self, exam: ExamCameraState) -> LeaseScreen:
        lease = self._lease.state.value
        is_live = self._call.state.value.phase is Phase.LIVE
        is_here = exam.has_camera
        words, tone = _lease_words(lease.hold, lease.holder, lease.reason, is_ours=lease.is_ours)
        is_asked = is_here and lease.hold is Hold.ASKED
        question = wording.text("exam.lease-question", name=lease.holder) if is_asked else ""
        may_move = (is_here and exam.is_on) or (lease.hold is Hold.HELD and lease.is_ours)
        has_moves = bool(lease.moves)
        return LeaseScreen(
            words=words,
            tone=tone,
            question=question,
            can_ask=not is_here
            and exam.far.is_on
            and is_live
            and has_moves
            and lease.hold is Hold.FREE,
            can_give_back=not is_here and lease.is_ours and lease.hold is not Hold.FREE,
            can_take_back=is_here and lease.hold is Hold.HELD,
            moves=lease.moves if may_move else (),
        )

    # --- wishes ----------------------------------------------------------------------------------

    def toggle(self) -> None:
        self._refusal.say(None)
        self.act_once(self._exam.show(not self._exam.state.value.is_on), "show", self._failed)

    def look_at(self, focus: Focus) -> None:
        self.act(self._exam.look_at(focus), "look at", self._failed)

    def freeze(self, seen_at: float | None) -> None:
        self._refusal.say(None)
        self.act_once(self._stills.freeze(seen_at), "freeze", self._failed)

    def toggle_moving(self) -> None:
        self._is_moving_shown = not self._is_moving_shown
        self.refresh()

    def ask(self) -> None:
        self._refusal.say(None)
        self.act_once(self._lease.ask(), "ask for the camera", self._failed)

    def give_back(self) -> None:
        self.act(self._lease.give_back(), "give the camera back", self._failed)

    def answer(self, is_granted: bool) -> None:
        self.act(self._lease.answer(is_granted), "answer", self._failed)

    def take_back(self) -> None:
        self.act(self._lease.take_back(), "take the camera back", self._failed)

    def move(self, move: Move) -> None:
        self._refusal.say(None)
        self.act(self._lease.move(move), "move the camera", self._failed)

    def set(self, control: Control, value: int) -> None:
        self._refusal.say(None)
        self.act(self._exam.set(control, value), "set the camera", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()


def _fault_words(code: Code, since: datetime) -> str:
    time = wording.time_of_day(since)
    key = "exam.missing-since" if is_missing(code) else "exam.sick"
    return wording.text(key, time=time, why=wording.failure(code))


def _control(state: ControlState) -> ControlScreen:
    return ControlScreen(
        control=state.control,
        name=wording.text(f"exam.control.{state.control}"),
        least=state.least,
        most=state.most,
        step=state.step,
        value=state.value,
        is_switch=state.control in AUTOMATICS,
        can_set=state.is_settable,
    )


def _lease_words(
    hold: Hold, holder: str, reason: Code | None, *, is_ours: bool
) -> tuple[str, Tone]:
    if hold is Hold.HELD:
        key = "exam.lease-ours" if is_ours else "exam.lease-held"
        return wording.text(key, name=holder), Tone.ATTENTION
    if hold is Hold.ASKED:
        return wording.text("exam.lease-asked", name=holder), Tone.ATTENTION
    if reason is not None:
        return wording.failure(reason), Tone.PLAIN
    return "", Tone.PLAIN
