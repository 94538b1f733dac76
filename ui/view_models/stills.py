"""Stills of the patient: listed, one shown with what is drawn beside it, another to compare."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.ids import RecordId, VisitId
from app.domain.stills import Drawing, Still, StillMarks
from app.runtime.tasks import TaskOwner
from app.services.chart import Chart, ChartState
from app.services.still_export import StillExport
from app.services.still_files import StillFiles
from app.services.stills import Stills
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.confirmation import Confirmation
from ui.view_models.refusal import Refusal

NOTHING_DRAWN = Drawing()


class Compared(StrEnum):
    """How an earlier still stands to the one that is shown."""

    ALONE = "alone"
    BESIDE = "beside"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class StillRowScreen:
    still: RecordId
    head: str  # "14:03"
    lines: tuple[str, ...]
    state: str
    tone: Tone
    spoken: str


@dataclass(frozen=True, slots=True)
class ShownStill:
    """What the canvas needs to know of a picture besides its pixels."""

    still: RecordId
    width: int
    height: int
    pixels_sha256: str
    words: str  # "DOE, Ana – 21-Nov-2026 14:03, 1920 × 1080"
    when: str  # "21-Nov-2026 14:03"


@dataclass(frozen=True, slots=True)
class StillsScreen:
    is_open: bool = False
    visit: VisitId | None = None
    rows: tuple[StillRowScreen, ...] = ()  # newest first
    shown: ShownStill | None = None
    drawing: Drawing = NOTHING_DRAWN  # as it was saved last
    drawn_by: str = ""
    saved: int = 0  # grows with each drawing that was kept here
    choices: tuple[tuple[RecordId, str], ...] = ()  # to compare with
    compared: ShownStill | None = None
    how: Compared = Compared.ALONE
    can_draw: bool = False
    can_export: bool = False
    export_question: str = ""
    export_name: str = ""
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class StillsIntents(Protocol):
    """`picture(still, png)` brings the file of what is shown or compared, once it is here."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def picture(self) -> SignalInstance: ...
    @property
    def screen(self) -> StillsScreen: ...
    def toggle(self) -> None:
        """Open the stills, or close them."""
        ...

    def choose(self, still: RecordId) -> None: ...
    def compare(self, still: RecordId | None, how: Compared) -> None: ...
    def save(self, drawing: Drawing) -> None: ...
    def export(self, path: str) -> None: ...
    def unreadable(self, still: RecordId) -> None:
        """The file is no picture, or not the one whose pixels the record names."""
        ...


class StillsViewModel(ViewModel[StillsScreen]):
    picture = Signal(object, object)

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        *,
        stills: Stills,
        files: StillFiles,
        export: StillExport,
        chart: Chart,
        clock: Clock,
        role: Role,
        confirmation: Confirmation,
    ) -> None:
        super().__init__(tasks, ticker)
        self._stills = stills
        self._confirmation = confirmation
        self._files = files
        self._export = export
        self._chart = chart
        self._clock = clock
        self._role = role
        self._is_open = False
        self._chosen: RecordId | None = None
        self._compared: RecordId | None = None
        self._how = Compared.ALONE
        self._saved = 0
        self._told = ""
        self._visit: VisitId | None = None
        self._refusal = Refusal(chart)
        self._stops.append(chart.state.listen(self._chart_told))
        self.listen_to(chart.state, stills.state, files.state, confirmation.doubts)

    def _chart_told(self, chart: ChartState) -> None:
        """Of another patient nothing stays; a new still is shown while the page is open."""
        visit = None if chart.row is None else chart.row.visit.id
        if visit != self._visit:
            self._visit, self._is_open, self._told = visit, False, ""
            self._chosen = self._compared = None
            self._how = Compared.ALONE

    def compose(self) -> StillsScreen:
        state = self._chart.state.value
        if state.row is None:
            return StillsScreen()
        shown, compared = self._still(self._chosen), self._still(self._compared)
        marks = _marks_of(state, self._chosen)
        code = self._refusal.code
        return StillsScreen(
            is_open=self._is_open,
            visit=state.row.visit.id,
            rows=tuple(self._row(still) for still in state.stills),
            shown=None if shown is None else self._shown(shown),
            drawing=Drawing() if marks is None else marks.drawing,
            drawn_by="" if marks is None else self._drawn_by(marks),
            saved=self._saved,
            choices=tuple(
                (one.id, self._when(one)) for one in state.stills if one.id != self._chosen
            ),
            compared=None if compared is None else self._shown(compared),
            how=self._how if compared is not None else Compared.ALONE,
            can_draw=shown is not None and may(self._role, Action.MARK_STILL),
            can_export=shown is not None and may(self._role, Action.EXPORT_STILL),
            export_question=wording.text(
                "stills.export-question", patient=state.row.patient.banner_name
            ),
            export_name="still.dcm",
            message=self._told if code is None else wording.failure(code),
            message_tone=Tone.GOOD if code is None else Tone.BAD,
        )

    def _still(self, wanted: RecordId | None) -> Still | None:
        found = (one for one in self._chart.state.value.stills if one.id == wanted)
        return next(found, None)

    def _when(self, still: Still) -> str:
        return wording.moment(still.taken_at, self._clock.now())

    def _shown(self, still: Still) -> ShownStill:
        row = self._chart.state.value.row
        patient = "" if row is None else row.patient.banner_name
        size = wording.isolate(f"{still.width} × {still.height}")
        words = wording.text("stills.stamp", patient=patient, time=self._when(still), size=size)
        return ShownStill(
            still.id, still.width, still.height, still.pixels_sha256, words, self._when(still)
        )

    def _drawn_by(self, marks: StillMarks) -> str:
        time = wording.moment(marks.made_at, self._clock.now())
        return wording.text("stills.drawn-by", name=marks.author_name, time=time)

    def _row(self, still: Still) -> StillRowScreen:
        state, tone = self._state_of(still)
        time, size = self._when(still), wording.isolate(f"{still.width} × {still.height}")
        asked = wording.text(f"stills.asked-by.{still.asked_by}")
        fingerprint = wording.fingerprint(still.sha256)
        spoken = wording.text("stills.spoken", time=time, asked=asked, state=state)
        return StillRowScreen(
            still=still.id,
            head=time,
            lines=(f"{size}, {asked}", wording.text("scope.hash", hash=fingerprint)),
            state=state,
            tone=tone,
            spoken=wording.spoken(spoken),
        )

    def _state_of(self, still: Still) -> tuple[str, Tone]:
        """Only hashes that were computed at both ends make a proof."""
        files, proof = self._files.state.value, self._stills.state.value.proof_of(still.id)
        percent = wording.isolate("100 %")
        standing = self._confirmation.of(still.id, is_pending=still.is_pending)
        if standing[1] is Tone.BAD:
            return standing
        if still.id in files.differs or (proof is not None and proof != still.sha256):
            return wording.text("stills.differs"), Tone.BAD
        if proof == still.sha256:
            return wording.text("stills.proof", percent=percent), Tone.GOOD
        if still.id in files.same and self._files.came_from_elsewhere(still.id):
            return wording.text("stills.proof", percent=percent), Tone.GOOD
        if still.is_pending or still.id in files.same:
            return standing
        key = "stills.arriving" if files.fetching == still.id else "stills.not-here"
        return wording.text(key), Tone.ATTENTION

    # --- wishes ----------------------------------------------------------------------------------

    def toggle(self) -> None:
        self._is_open = not self._is_open
        self._told = ""
        stills = self._chart.state.value.stills
        if self._is_open and self._chosen is None and stills:
            self.choose(stills[0].id)
        self.refresh()

    def choose(self, still: RecordId) -> None:
        self._refusal.say(None)
        self._chosen, self._told = still, ""
        if self._compared == still:
            self._compared, self._how = None, Compared.ALONE
        self.refresh()
        self.act(self._bring(still), "show a still", self._failed)

    def compare(self, still: RecordId | None, how: Compared) -> None:
        self._refusal.say(None)
        self._compared, self._how = still, how if still is not None else Compared.ALONE
        self.refresh()
        if still is not None:
            self.act(self._bring(still), "compare a still", self._failed)

    async def _bring(self, still: RecordId) -> None:
        visit = self._visit
        png = await self._files.png(still)
        if visit == self._visit:  # else another patient's chart was opened meanwhile
            self.picture.emit(still, png)

    def save(self, drawing: Drawing) -> None:
        if self._chosen is not None:
            self._refusal.say(None)
            self.act_once(self._save(self._chosen, drawing), "save drawing", self._failed)

    async def _save(self, still: RecordId, drawing: Drawing) -> None:
        await self._stills.save_drawing(still, drawing)
        self._saved += 1
        self._told = wording.text("stills.drawing-kept")
        self.refresh()

    def export(self, path: str) -> None:
        if self._chosen is not None:
            self._refusal.say(None)
            self.act_once(self._save_as(self._chosen, path), "export still", self._failed)

    async def _save_as(self, still: RecordId, path: str) -> None:
        await self._export.save_as(still, path)
        self._told = wording.text("stills.exported")
        self.refresh()

    def unreadable(self, still: RecordId) -> None:
        if still in (self._chosen, self._compared):
            self._failed(Code.HASH_MISMATCH)

    def _failed(self, code: Code) -> None:
        self._told = ""
        self._refusal.say(code)
        self.refresh()


def _marks_of(state: ChartState, still: RecordId | None) -> StillMarks | None:
    """The newest saving; the list is newest first."""
    return next((one for one in state.still_marks if one.still == still), None)
