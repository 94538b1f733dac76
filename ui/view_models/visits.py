"""The open visit around its panels: banner, state, two clocks, Finish apart from hanging up."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.call import Phase
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.visits import VisitState
from app.runtime.tasks import TaskOwner
from app.services.call import Call
from app.services.chart import Chart
from app.services.desk import Desk
from app.services.visits import Visits
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.patients import BannerScreen, banner_of
from ui.view_models.refusal import Refusal
from ui.view_models.worklist import visit_state_words


@dataclass(frozen=True, slots=True)
class VisitScreen:
    """`banner` None: no chart is open, nothing of a patient is drawn."""

    banner: BannerScreen | None = None
    state: str = ""  # "In visit", "Interrupted since 14:03"
    state_tone: Tone = Tone.PLAIN
    since_check_in: str = ""  # 0:12:41; empty before the check-in
    in_contact: str = ""  # 0:09:12
    contact_note: str = ""  # "paused since 14:03"
    contact_tone: Tone = Tone.PLAIN
    shows_finish: bool = False  # only a clinician may finish
    can_finish: bool = False
    finish_question: str = ""  # names the patient
    can_sign: bool = False  # a finished visit, by a clinician: Sign stands where Finish stood
    sign_question: str = ""
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class VisitIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> VisitScreen: ...
    def finish(self) -> None:
        """Asked and confirmed."""
        ...

    def sign(self) -> None:
        """Asked and confirmed."""
        ...

    def back(self) -> None:
        """To today's list; a running call goes on only if the model says so."""
        ...


class VisitViewModel(ViewModel[VisitScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        chart: Chart,
        call: Call,
        visits: Visits,
        desk: Desk,
        clock: Clock,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._chart = chart
        self._call = call
        self._visits = visits
        self._desk = desk
        self._clock = clock
        self._role = role
        self._refusal = Refusal(chart)
        self.listen_to(chart.state, call.state, desk.state)

    def compose(self) -> VisitScreen:
        row = self._chart.state.value.row
        if row is None:
            return VisitScreen()
        now = self._clock.now()
        visit = row.visit
        state, tone = visit_state_words(visit)
        since_check_in = ""
        if visit.checked_in_at is not None and visit.is_open:
            since_check_in = wording.clock((now - visit.checked_in_at).total_seconds())
        in_contact, note, contact_tone = self._contact()
        can_sign = visit.state is VisitState.FINISHED and may(self._role, Action.SIGN_VISIT)
        message, message_tone = self._message(is_open=visit.is_open)
        return VisitScreen(
            banner=banner_of(row.patient, now.astimezone().date()),
            state=state,
            state_tone=tone,
            since_check_in=since_check_in,
            in_contact=in_contact,
            contact_note=note,
            contact_tone=contact_tone,
            shows_finish=may(self._role, Action.FINISH_VISIT) and not can_sign,
            can_finish=visit.state is VisitState.IN_VISIT,
            finish_question=wording.text("visit.finish-question", patient=row.patient.banner_name),
            can_sign=can_sign,
            sign_question=wording.text("visit.sign-question", patient=row.patient.banner_name),
            message=message,
            message_tone=message_tone,
        )

    def _message(self, *, is_open: bool) -> tuple[str, Tone]:
        code = self._refusal.code or self._desk.state.value.code
        if code is not None:
            return wording.failure(code), Tone.BAD
        finished = "" if is_open else wording.text("visit.finished")
        unreadable = self._chart.state.value.unreadable_count
        if not unreadable:
            return finished, Tone.PLAIN
        missing = wording.text("visit.unreadable", count=str(unreadable))
        return f"{finished} {missing}".strip(), Tone.ATTENTION

    def _contact(self) -> tuple[str, str, Tone]:
        call = self._call.state.value
        seconds = call.contact_s
        if call.live_since is not None:
            seconds += (self._clock.now() - call.live_since).total_seconds()
            return wording.clock(seconds), "", Tone.GOOD
        if seconds == 0 or call.phase_since is None:
            return "", "", Tone.PLAIN
        time = wording.time_of_day(call.phase_since)
        note = wording.text("visit.contact-paused", time=time)
        tone = Tone.BAD if call.phase is Phase.REJOINING else Tone.PLAIN
        return wording.clock(seconds), note, tone

    def finish(self) -> None:
        row = self._chart.state.value.row
        if row is not None:
            self._refusal.say(None)
            self.act_once(self._visits.finish(row.visit.id), "finish visit", self._failed)

    def sign(self) -> None:
        row = self._chart.state.value.row
        if row is not None:
            self._refusal.say(None)
            self.act_once(self._visits.sign(row.visit.id), "sign visit", self._failed)

    def back(self) -> None:
        self._refusal.say(None)
        self.act(self._desk.leave(), "back", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()
