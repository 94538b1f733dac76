"""The tray: measurements that belong to nobody yet, assigned or discarded by a person."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.ids import RecordId
from app.domain.tray import TrayItem
from app.runtime.tasks import TaskOwner
from app.services.chart import Chart
from app.services.tray import Tray
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.reading_words import flags_words, own_clock_words, words_of
from ui.view_models.refusal import Refusal


@dataclass(frozen=True, slots=True)
class TrayRowScreen:
    """No number: beside a patient's name it would be read as theirs, however grey it is.

    The question names it, together with the patient whose it would become.
    """

    record: RecordId
    time: str  # "14:03", when it came
    what: str  # "Blood pressure cuff, came 14:03"
    clock: str  # "by its own clock 20-Nov-2026 09:12"
    why: str  # "It was measured for another visit."
    spoken: str
    question: str = ""  # asked before it is assigned
    can_assign: bool = False


@dataclass(frozen=True, slots=True)
class TrayScreen:
    rows: tuple[TrayRowScreen, ...] = ()  # newest first
    told_again: str = ""  # "29 came again and are known already"
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class TrayIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> TrayScreen: ...
    def assign(self, record: RecordId) -> None:
        """Asked and confirmed: to the patient who stands open here."""
        ...

    def discard(self, record: RecordId) -> None: ...


class TrayViewModel(ViewModel[TrayScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        tray: Tray,
        chart: Chart,
        clock: Clock,
        role: Role,
    ) -> None:
        super().__init__(tasks, ticker)
        self._tray = tray
        self._chart = chart
        self._clock = clock
        self._may_keep = may(role, Action.KEEP_READING)
        self._refusal = Refusal(chart)
        self.listen_to(tray.state, chart.state)

    def compose(self) -> TrayScreen:
        state = self._tray.state.value
        code = self._refusal.code or state.code
        again = state.told_again
        return TrayScreen(
            rows=tuple(self._row(item) for item in reversed(state.items)),
            told_again=wording.text("tray.told-again", count=again) if again else "",
            message="" if code is None else wording.failure(code),
            message_tone=Tone.BAD,
        )

    def _row(self, item: TrayItem) -> TrayRowScreen:
        measured, now = item.measured, self._clock.now()
        time = wording.moment(measured.received_at, now)
        device = wording.text(f"device.{measured.device.kind}")
        what = wording.text("tray.what", device=device, time=time)
        clock, why = own_clock_words(measured, now), self._why(item)
        row = self._chart.state.value.row
        is_open = row is not None and row.visit.is_open
        return TrayRowScreen(
            record=item.id,
            time=time,
            what=what,
            clock=clock,
            why=why,
            spoken=wording.spoken(f"{what}. {clock}. {why}"),
            question=self._question(item, clock),
            can_assign=is_open and self._may_keep and item.refused is None,
        )

    def _why(self, item: TrayItem) -> str:
        said = [wording.text(f"tray.why.{item.why}")]
        row, visit = self._chart.state.value.row, item.measured.visit
        if row is not None and visit is not None:
            is_this = row.visit.id == visit
            said.append(wording.text("tray.of-this-visit" if is_this else "tray.of-another-visit"))
        if item.times > 1:
            said.append(wording.text("tray.told-times", count=item.times))
        if item.is_like_another:
            said.append(wording.text("tray.like-another"))
        if item.refused is not None:
            said.append(wording.failure(item.refused))
        return " ".join(said)

    def _question(self, item: TrayItem, clock: str) -> str:
        row = self._chart.state.value.row
        if row is None:
            return ""
        words = words_of(item.measured)
        flags = flags_words(item.measured)
        value = ", ".join(part for part in (words.value, words.extra, flags) if part)
        return wording.text(
            "tray.assign-question", patient=row.patient.banner_name, value=value, clock=clock
        )

    def assign(self, record: RecordId) -> None:
        self._refusal.say(None)
        self.act_once(self._tray.assign(record), "assign", self._failed)

    def discard(self, record: RecordId) -> None:
        self._refusal.say(None)
        self.act(self._tray.discard(record), "discard what is set aside", self._failed)

    def _failed(self, code: Code) -> None:
        self._refusal.say(code)
        self.refresh()
