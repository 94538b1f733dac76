"""Today: the clinician's visits, what needs somebody first on top."""

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.day_sheet import DaySheetIntents
from ui.view_models.worklist import WorklistIntents, WorklistScreen
from ui.views.day_sheet import DaySheetView
from ui.views.visit_rows import VisitRows
from ui.widgets.dress import mark
from ui.widgets.status_banner import StatusBanner
from ui.widgets.words import Words
from ui.wording import text


class WorklistView(QWidget):
    def __init__(
        self, model: WorklistIntents, day_sheet: DaySheetIntents, look: theme.Look
    ) -> None:
        super().__init__()
        mark(self, "surface", "ground")
        self._title = Words("title")
        self._message = StatusBanner("today.message")
        self._list = VisitRows(text("today.list"), model.open_visit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 8)
        layout.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(DaySheetView(day_sheet), 1)
        layout.addLayout(head)
        layout.addWidget(self._message)
        layout.addWidget(self._list, 1)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: WorklistScreen) -> None:
        self._title.say(screen.title)
        self._message.tell(screen.message, tone=screen.message_tone)
        self._list.draw(screen.rows)

    def take_focus(self) -> None:
        if self._list.rows:
            self._list.rows[0].setFocus()
