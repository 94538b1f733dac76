"""Rows of today's visits, each one a button that says time, patient, state and reason."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout

from app.domain.ids import VisitId
from ui.view_models.worklist import WorklistRowScreen
from ui.widgets.dress import identify, mark
from ui.widgets.row_list import RowList
from ui.widgets.words import Words
from ui.wording import text, unbroken

TIME_WIDTH = 62


class VisitRow(QPushButton):
    """Pressing it means this visit and no other, whatever the list does meanwhile."""

    def __init__(self, visit: VisitId, on_press: Callable[[VisitId], None]) -> None:
        super().__init__()
        mark(self, "kind", "row")
        self.setAutoDefault(False)
        self.clicked.connect(lambda: on_press(visit))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._time = Words("large")
        self._patient = Words("large-strong", wraps=True)
        self._who = Words("small", wraps=True)
        self._state = Words("chip", gives_way=True)
        self._reason = Words(wraps=True)
        self._detail = Words("small", wraps=True)
        for words in (self._patient, self._who, self._reason, self._detail):
            words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for words in (self._time, self._patient, self._who, self._state, self._reason):
            words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        patient, state = QVBoxLayout(), QVBoxLayout()
        for words in (self._patient, self._who, self._detail):
            patient.addWidget(words)
        state.addWidget(self._state, 0, Qt.AlignmentFlag.AlignLeft)
        state.addWidget(self._reason)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.setSpacing(12)
        self._time.setMinimumWidth(TIME_WIDTH)
        layout.addWidget(self._time, 0, Qt.AlignmentFlag.AlignTop)
        for column in (patient, state):
            column.setSpacing(2)
            column.addStretch(1)
            layout.addLayout(column, 1)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return max(56, layout.totalHeightForWidth(width) if layout is not None else 0)

    def sizeHint(self) -> QSize:
        return QSize(320, self.heightForWidth(max(320, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 56)

    def draw(self, screen: WorklistRowScreen, *, is_chosen: bool) -> None:
        parts = (
            screen.time,
            screen.patient,
            f"{text('today.born')} {screen.born}",
            f"{text('today.record-number')} {screen.record_number}",
            screen.state,
            screen.reason,
            screen.detail,
            text("cart.chosen") if is_chosen else "",
        )
        identify(
            self, f"today.visit.{screen.record_key}", ", ".join(part for part in parts if part)
        )
        self._time.say(screen.time)
        self._patient.say(screen.patient)
        born = unbroken(f"{text('today.born')} {screen.born}")
        number = unbroken(f"{text('today.record-number')} {screen.record_number}")
        self._who.say(f"{born}   {number}")
        self._state.say(screen.state, screen.tone, signed=True)
        self._reason.say(screen.reason)
        self._detail.say_or_hide(screen.detail)
        mark(self, "chosen", is_chosen)
        self.updateGeometry()


class VisitRows(RowList[VisitId, VisitRow]):
    def __init__(self, name: str, on_press: Callable[[VisitId], None]) -> None:
        super().__init__("today.list", name)
        self._on_press = on_press
        self.space_rows(6)

    def draw(self, screens: Sequence[WorklistRowScreen], chosen: VisitId | None = None) -> None:
        rows = self.show_rows(
            [screen.visit for screen in screens], lambda visit: VisitRow(visit, self._on_press)
        )
        for row, screen in zip(rows, screens, strict=True):
            row.draw(screen, is_chosen=screen.visit == chosen)
