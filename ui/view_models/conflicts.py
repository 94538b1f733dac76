"""Two changes that cannot both stand, field by field: who, when, on which device; a person decides.

Whoever has this page before them is told in the audit, as with a chart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import Signal, SignalInstance

from app.domain.changes import Json, RecordType
from app.domain.clock import Clock
from app.domain.conflicts import Conflict, Resolution, Side, Take
from app.domain.failures import Code
from app.domain.ids import ChangeId
from app.domain.merging import FACTS, MERGED
from app.runtime.tasks import TaskOwner
from app.services.conflicts import Conflicts
from ui import wording
from ui.tone import Tone
from ui.view_models.base import Ticker, ViewModel
from ui.view_models.window import Page, WindowViewModel

OFFLINE_S = 60.0  # what took longer to arrive was written without a line
WRITTEN_BY_HAND = ("text", "allergies", "title")
TIMES = ("written_at",)
# Those that this program knows by name; a later release may bring others into a conflict.
NAMED = frozenset().union(*MERGED.values(), *FACTS.values())


@dataclass(frozen=True, slots=True)
class SideScreen:
    """Whose word, and how it came."""

    who: str = ""  # "Dr A. Lindqvist"
    where: str = ""  # "Workstation 2"
    when: str = ""  # "written 14:03 without a line, arrived 14:20"


@dataclass(frozen=True, slots=True)
class FieldScreen:
    """`now`: what the record says; empty while that is still what the other said."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str
    now: str = ""


@dataclass(frozen=True, slots=True)
class ConflictRowScreen:
    """`theirs` stands in the record, `mine` was not taken in. `writable`: what may be written anew,
    each field with the words to begin from. `decided` is empty while it is open.
    """

    change: ChangeId
    what: str
    patient: str
    theirs: SideScreen
    mine: SideScreen
    fields: tuple[FieldScreen, ...]
    can_decide: bool = False
    can_take_both: bool = False
    writable: tuple[tuple[str, str], ...] = ()
    decided: str = ""
    can_undo: bool = False
    state: str = ""
    state_tone: Tone = Tone.PLAIN
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class ConflictsScreen:
    """Open ones first."""

    title: str
    rows: tuple[ConflictRowScreen, ...] = ()
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class ConflictsIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> ConflictsScreen: ...
    def take(self, change: ChangeId, take: Take) -> None:
        """Of a row as it stands on the screen."""
        ...

    def write_anew(self, change: ChangeId, fields: Mapping[str, str]) -> None: ...
    def undo(self, change: ChangeId) -> None: ...
    def back(self) -> None: ...


class ConflictsViewModel(ViewModel[ConflictsScreen]):
    """`went_back` asks the window for the page that stood before."""

    went_back = Signal()

    def __init__(
        self,
        tasks: TaskOwner,
        ticker: Ticker,
        conflicts: Conflicts,
        window: WindowViewModel,
        clock: Clock,
    ) -> None:
        super().__init__(tasks, ticker)
        self._conflicts = conflicts
        self._window = window
        self._clock = clock
        self._code: Code | None = None
        window.changed.connect(self._page_changed)
        self.changed.connect(lambda _: self._note_seen())
        self.listen_to(conflicts.state)

    def _page_changed(self) -> None:
        if self._window.screen.page is not Page.CONFLICTS:
            self._code = None
        self._note_seen()

    def _note_seen(self) -> None:
        if self._window.screen.page is Page.CONFLICTS and self._conflicts.state.value.items:
            self.act_once(self._conflicts.see(), "see conflicts", self._failed)

    def compose(self) -> ConflictsScreen:
        rows = tuple(self._row(item) for item in self._conflicts.state.value.items)
        message, tone = "", Tone.PLAIN
        if self._code is not None:
            message, tone = wording.failure(self._code), Tone.BAD
        elif not rows:
            message = wording.text("conflicts.none")
        return ConflictsScreen(wording.text("conflicts.title"), rows, message, tone)

    def _row(self, conflict: Conflict) -> ConflictRowScreen:
        kind = conflict.record_type
        is_known = isinstance(kind, RecordType)
        what = wording.text(f"record.{kind}" if is_known else "conflicts.unknown-kind")
        patient = self._patient(conflict)
        is_open = is_known and conflict.is_open
        state, tone = self._state(conflict)
        return ConflictRowScreen(
            change=conflict.change,
            what=what,
            patient=patient,
            theirs=self._side(conflict.theirs),
            mine=self._side(conflict.mine),
            fields=tuple(self._field(conflict, name) for name in conflict.mine.fields),
            can_decide=is_open,
            can_take_both=is_open and conflict.can_take_both,
            writable=_writable(conflict) if is_open else (),
            decided=self._decided(conflict) if conflict.resolution is not None else "",
            can_undo=is_known and not conflict.is_open,
            state=state,
            state_tone=tone,
            spoken=wording.spoken(f"{what}, {patient}, {state}"),
        )

    def _patient(self, conflict: Conflict) -> str:
        """Two identifiers, as everywhere."""
        patients = self._conflicts.state.value.patients
        found = next((one for one in patients if one.id == conflict.patient), None)
        if found is None:
            return ""
        number = wording.record_number(found.record_number)
        return f"{wording.isolate_name(found.banner_name)}  {number}"

    @staticmethod
    def _state(conflict: Conflict) -> tuple[str, Tone]:
        if not isinstance(conflict.record_type, RecordType):
            return wording.text("conflicts.newer-program"), Tone.ATTENTION
        if conflict.is_open:
            return wording.text("conflicts.open"), Tone.BAD
        if conflict.is_pending:
            return wording.text("conflicts.decided-unsent"), Tone.ATTENTION
        return wording.text("conflicts.decided"), Tone.GOOD

    def _side(self, side: Side) -> SideScreen:
        return SideScreen(
            who=wording.isolate_name(side.by_name)
            if side.by_name
            else wording.text("conflicts.nobody"),
            where=wording.isolate_name(side.device_name) if side.device_name else "",
            when=self._when(side),
        )

    def _when(self, side: Side) -> str:
        if side.made_at is None:
            return ""
        made = self._moment(side.made_at)
        arrived = side.received_at
        if arrived is None or (arrived - side.made_at).total_seconds() < OFFLINE_S:
            return wording.text("conflicts.written", time=made)
        return wording.text("conflicts.written-offline", time=made, arrived=self._moment(arrived))

    def _moment(self, at: datetime) -> str:
        return wording.moment(at, self._clock.now())

    def _field(self, conflict: Conflict, name: str) -> FieldScreen:
        theirs, stands = conflict.theirs.fields.get(name), conflict.stands.get(name)
        return FieldScreen(
            name=name,
            label=wording.text(f"field.{name}") if name in NAMED else wording.isolate_name(name),
            before=self._words(name, conflict.base.get(name)),
            theirs=self._words(name, theirs),
            mine=self._words(name, conflict.mine.fields.get(name)),
            now=self._words(name, stands) if stands != theirs else "",
        )

    def _words(self, name: str, value: Json) -> str:
        if value is None or value == "":
            return wording.text("conflicts.nothing")
        if isinstance(value, bool):
            return wording.text("conflicts.yes" if value else "conflicts.no")
        if name in TIMES and isinstance(value, str):
            try:
                return self._moment(datetime.fromisoformat(value))
            except ValueError:
                return wording.isolate_name(value)
        return wording.harmless(str(value))

    def _decided(self, conflict: Conflict) -> str:
        resolution = conflict.resolution
        assert isinstance(resolution, Resolution)
        return wording.text(
            f"conflicts.took-{resolution.take}",
            by=wording.isolate_name(resolution.by_name),
            time=self._moment(resolution.at),
            mine=wording.isolate_name(conflict.mine.by_name),
            theirs=wording.isolate_name(conflict.theirs.by_name),
        )

    # --- wishes ----------------------------------------------------------------------------------

    def take(self, change: ChangeId, take: Take) -> None:
        self._resolve(change, take, None)

    def write_anew(self, change: ChangeId, fields: Mapping[str, str]) -> None:
        self._resolve(change, Take.ANEW, dict(fields))

    def _resolve(self, change: ChangeId, take: Take, anew: dict[str, Json] | None) -> None:
        if (seen := self._seen(change)) is not None:
            self._code = None
            self.act_once(
                self._conflicts.resolve(seen, take, anew), f"decide {change}", self._failed
            )

    def undo(self, change: ChangeId) -> None:
        if (seen := self._seen(change)) is not None:
            self._code = None
            self.act_once(self._conflicts.undo(seen), f"undo {change}", self._failed)

    def _seen(self, change: ChangeId) -> Conflict | None:
        items = self._conflicts.state.value.items
        return next((item for item in items if item.change == change), None)

    def back(self) -> None:
        self.went_back.emit()

    def _failed(self, code: Code) -> None:
        self._code = code
        self.refresh()


def _writable(conflict: Conflict) -> tuple[tuple[str, str], ...]:
    """Words only; a choice is taken from one side or the other."""
    return tuple(
        (name, str(conflict.stands.get(name) or ""))
        for name in conflict.mine.fields
        if name in WRITTEN_BY_HAND
    )
