"""Notes of the visit: one draft, kept by a button, and what was written before."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.access import Action, Role, may
from app.domain.clock import Clock
from app.domain.failures import Code
from app.domain.ids import VisitId
from app.domain.notes import Note
from app.runtime.tasks import TaskOwner
from app.services.chart import Chart, DraftPlace
from app.services.notes import Notes
from ui import wording
from ui.tone import Tone
from ui.view_models.base import ViewModel
from ui.view_models.confirmation import Confirmation


@dataclass(frozen=True, slots=True)
class NoteRowScreen:
    text: str
    written: str  # "14:03, N. Okafor"
    confirmation: str
    tone: Tone
    spoken: str  # text, who, when, confirmation


@dataclass(frozen=True, slots=True)
class NotesScreen:
    """The view fills the editor from `draft` when `visit` changes and empties it when `kept` grows.

    Between the two the editor belongs to the person who types.
    """

    visit: VisitId | None = None
    draft: str = ""
    kept: int = 0
    can_write: bool = False
    message: str = ""  # "Kept 14:03", or why not
    message_tone: Tone = Tone.PLAIN
    rows: tuple[NoteRowScreen, ...] = ()  # newest first


class NotesIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> NotesScreen: ...
    def keep(self, text: str) -> None: ...
    def draft_changed(self, text: str) -> None:
        """At each keystroke; the model waits a moment before it stores."""
        ...


DRAFT_PAUSE_S = 0.3  # at most so much of the draft is lost in a crash


class NotesViewModel(ViewModel[NotesScreen]):
    def __init__(
        self,
        tasks: TaskOwner,
        *,
        notes: Notes,
        chart: Chart,
        clock: Clock,
        role: Role,
        confirmation: Confirmation,
    ) -> None:
        super().__init__(tasks)
        self._notes = notes
        self._confirmation = confirmation
        self._chart = chart
        self._clock = clock
        self._may_write = may(role, Action.WRITE_NOTE)
        self._kept = 0
        self._message = ""
        self._tone = Tone.PLAIN
        self._said_of: VisitId | None = None
        self._drafts: dict[DraftPlace, str] = {}
        self._is_storing = False
        self.listen_to(chart.state, confirmation.doubts)

    def compose(self) -> NotesScreen:
        state = self._chart.state.value
        row = state.row
        visit = None if row is None else row.visit.id
        return NotesScreen(
            visit=visit,
            draft=state.draft,
            kept=self._kept,
            can_write=row is not None and row.visit.is_open and self._may_write,
            message=self._message if visit == self._said_of else "",
            message_tone=self._tone,
            rows=tuple(self._row(note) for note in state.notes),
        )

    def _row(self, note: Note) -> NoteRowScreen:
        confirmation, tone = self._confirmation.of(note.id, is_pending=note.is_pending)
        time = wording.moment(note.written_at, self._clock.now())
        spoken = wording.text(
            "notes.spoken",
            time=time,
            name=note.author_name,
            confirmation=confirmation,
            words=note.text,
        )
        return NoteRowScreen(
            text=note.text,
            written=wording.text("notes.written", time=time, name=note.author_name),
            confirmation=confirmation,
            tone=tone,
            spoken=wording.spoken(spoken),
        )

    def keep(self, text: str) -> None:
        self.act_once(self._keep(text), "keep note", self._failed)

    async def _keep(self, text: str) -> None:
        place = self._notes.draft_place()
        if place is not None:
            self._drafts.pop(place, None)
        await self._notes.keep(text)
        self._kept += 1
        time = wording.time_of_day(self._clock.now())
        self._say(wording.text("notes.kept-at", time=time), Tone.GOOD)

    def draft_changed(self, text: str) -> None:
        """A draft goes with the visit and the person of its typing, whatever is open later."""
        place = self._notes.draft_place()
        if place is None:
            return
        self._drafts[place] = text
        if not self._is_storing:
            self._is_storing = True
            self.act(self._store_drafts(), "draft", self._failed)

    async def _store_drafts(self) -> None:
        try:
            while self._drafts:
                await asyncio.sleep(DRAFT_PAUSE_S)
                drafts, self._drafts = self._drafts, {}
                for place, text in drafts.items():
                    await self._notes.keep_draft(place, text)
        finally:
            self._is_storing = False

    def _visit(self) -> VisitId | None:
        row = self._chart.state.value.row
        return None if row is None else row.visit.id

    def _failed(self, code: Code) -> None:
        self._say(wording.failure(code), Tone.BAD)

    def _say(self, message: str, tone: Tone) -> None:
        self._message, self._tone, self._said_of = message, tone, self._visit()
        self.refresh()
