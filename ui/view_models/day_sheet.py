"""The day on paper: where to, and what became of it."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.clock import Clock
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from app.services.day_sheet import DaySheets
from app.services.worklist import Worklist
from ui import wording
from ui.tone import Tone
from ui.view_models.base import ViewModel


@dataclass(frozen=True, slots=True)
class DaySheetScreen:
    can_save: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class DaySheetIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> DaySheetScreen: ...
    def name(self) -> str:
        """Of the file, as it is proposed; it says the day and nobody's name."""
        ...

    def save(self, path: str) -> None: ...


class DaySheetViewModel(ViewModel[DaySheetScreen]):
    def __init__(
        self, tasks: TaskOwner, sheets: DaySheets, worklist: Worklist, clock: Clock
    ) -> None:
        super().__init__(tasks)
        self._sheets = sheets
        self._worklist = worklist
        self._clock = clock
        self._message, self._tone = "", Tone.PLAIN
        self.listen_to(worklist.state)

    def compose(self) -> DaySheetScreen:
        return DaySheetScreen(bool(self._worklist.state.value.rows), self._message, self._tone)

    def name(self) -> str:
        return f"day-sheet-{self._clock.now().astimezone():%Y-%m-%d}.pdf"

    def save(self, path: str) -> None:
        self._message = ""
        self.act_once(self._save(path), "save day sheet", self._failed)

    async def _save(self, path: str) -> None:
        await self._sheets.save_as(path)
        self._say(wording.text("paper.saved"), Tone.GOOD)

    def _failed(self, code: Code) -> None:
        self._say(wording.failure(code), Tone.BAD)

    def _say(self, words: str, tone: Tone) -> None:
        self._message, self._tone = words, tone
        self.refresh()
