"""Today's visits as rows, in the order in which they need somebody."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.visits import Visit, VisitState
from app.domain.worklist import WorklistRow
from app.runtime.tasks import TaskOwner
from app.services.desk import Desk
from app.services.sync import Sync
from app.services.worklist import Worklist
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.outage import why_list_is_old


@dataclass(frozen=True, slots=True)
class WorklistRowScreen:
    visit: VisitId
    record_key: str  # the record number as stored: the row is found by it
    time: str  # 09:30
    patient: str  # DOE, Jane (Mrs)
    born: str  # 14-Jul-1945 (81y)
    record_number: str  # 129 728 7652
    state: str  # "Interrupted since 14:03"
    tone: Tone
    reason: str
    detail: str = ""  # "not yet confirmed by the server"


@dataclass(frozen=True, slots=True)
class WorklistScreen:
    title: str  # "Today, Saturday 21-Nov-2026"
    rows: tuple[WorklistRowScreen, ...] = ()
    message: str = ""  # offline, and since when; or that there is no visit today
    message_tone: Tone = Tone.PLAIN


class WorklistIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> WorklistScreen: ...
    def open_visit(self, visit: VisitId) -> None: ...


_TONE = {
    VisitState.INTERRUPTED: Tone.BAD,
    VisitState.IN_VISIT: Tone.GOOD,
    VisitState.CHECKED_IN: Tone.ATTENTION,
}


def visit_state_words(visit: Visit) -> tuple[str, Tone]:
    """The state as it is shown: interrupted with its time."""
    state = visit.shown_state
    tone = _TONE.get(state, Tone.PLAIN)
    if state is VisitState.INTERRUPTED and visit.interrupted_since is not None:
        time = wording.time_of_day(visit.interrupted_since)
        return wording.text("visit-state.interrupted-since", time=time), tone
    return wording.text(f"visit-state.{state}"), tone


def row_screen(row: WorklistRow, clock: Clock) -> WorklistRowScreen:
    patient, visit = row.patient, row.visit
    state, tone = visit_state_words(visit)
    today = clock.now().astimezone().date()
    return WorklistRowScreen(
        visit=visit.id,
        record_key=patient.record_number,
        time=wording.time_of_day(visit.starts_at),
        patient=patient.banner_name,
        born=wording.born(patient.born, patient.age_years(today)),
        record_number=wording.record_number(patient.record_number),
        state=state,
        tone=tone,
        reason=visit.reason,
        detail=wording.text("not-confirmed") if row.is_pending else "",
    )


class WorklistViewModel(ViewModel[WorklistScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        worklist: Worklist,
        sync: Sync,
        desk: Desk,
        clock: Clock,
    ) -> None:
        super().__init__(tasks, ticker)
        self._worklist = worklist
        self._sync = sync
        self._desk = desk
        self._clock = clock
        self._code: Code | None = None
        self.listen_to(worklist.state, sync.state)

    def compose(self) -> WorklistScreen:
        today = self._clock.now().astimezone().date()
        title = wording.text("today.title", weekday=wording.weekday(today), day=wording.day(today))
        rows = tuple(row_screen(row, self._clock) for row in self._worklist.state.value.rows)
        message, tone = self._message(has_rows=bool(rows))
        return WorklistScreen(title, rows, message, tone)

    def _message(self, *, has_rows: bool) -> tuple[str, Tone]:
        sync = self._sync.state.value
        if self._code is not None:
            return wording.failure(self._code), Tone.BAD
        if why := why_list_is_old(sync):
            return why, Tone.ATTENTION
        if has_rows:
            return "", Tone.PLAIN
        is_read = self._worklist.state.value.is_known and sync.is_reachable
        return wording.text("today.empty" if is_read else "today.reading"), Tone.PLAIN

    def open_visit(self, visit: VisitId) -> None:
        self._code = None
        self.act_once(self._desk.open(visit), "open visit", self._failed)

    def _failed(self, code: Code) -> None:
        self._code = code
        self.refresh()
