"""The button that puts the day on paper, and what became of it; on both first pages."""

from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from ui.view_models.day_sheet import DaySheetIntents, DaySheetScreen
from ui.widgets.button import Button
from ui.widgets.choose_file import choose_place
from ui.widgets.words import Words
from ui.wording import text


class DaySheetView(QWidget):
    def __init__(self, model: DaySheetIntents) -> None:
        super().__init__()
        self._model = model
        self._save = Button("day-sheet.save", text("paper.save"))
        self._message = Words("small", gives_way=True, identifier="day-sheet.message")
        self._dialog: QFileDialog | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addStretch(1)
        row.addWidget(self._message)
        row.addWidget(self._save)
        self._save.clicked.connect(self._ask_place)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: DaySheetScreen) -> None:
        self._save.allow(screen.can_save)
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)

    def _ask_place(self) -> None:
        name = self._model.name()
        self._dialog = choose_place(self, text("paper.save-title"), name, self._model.save)

    def hideEvent(self, event: QHideEvent) -> None:
        """Another page, or locked: what was asked is asked no more."""
        if self._dialog is not None:
            self._dialog.reject()
            self._dialog = None
