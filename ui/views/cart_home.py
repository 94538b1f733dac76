"""The cart between visits: three large buttons, its instruments, patients to choose from."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.domain.device import DeviceKind
from ui import theme
from ui.view_models.cart_home import CartHomeIntents, CartHomeScreen
from ui.view_models.day_sheet import DaySheetIntents
from ui.views.day_sheet import DaySheetView
from ui.views.panel import Panel
from ui.views.visit_rows import VisitRows
from ui.widgets.dress import call, identify, mark
from ui.widgets.icons import pixmap
from ui.widgets.row_list import RowList
from ui.widgets.status_banner import StatusBanner
from ui.widgets.text_row import TextRow
from ui.widgets.words import SIGNS, Words
from ui.wording import text

ICON = 40


class GreatButton(QPushButton):
    """One of three: a drawing, a word, and below it what pressing it will do."""

    def __init__(self, identifier: str, words: str, drawing: str, *, is_primary: bool) -> None:
        super().__init__()
        self._words = words
        identify(self, identifier, words)
        mark(self, "kind", "great-primary" if is_primary else "great")
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        ink = theme.ON_PRIMARY if is_primary else theme.INK
        self._picture = QLabel()
        self._drawings = (
            pixmap(drawing, ink, ICON),
            pixmap(drawing, theme.DISABLED_INK, ICON),
        )
        self._is_primary = is_primary
        self._title = Words("great")
        self._title.say(words)
        self._detail = Words("small", wraps=True)
        self._detail.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 12)
        layout.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._title, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._detail, 1)
        for part in (self._picture, self._title, self._detail):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        return QSize(240, 150) if layout is None else layout.sizeHint()

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def say(self, detail: str, *, is_allowed: bool = True) -> None:
        self._detail.say(detail)
        looks = ("great", "small")
        if not is_allowed:
            looks = ("great-disabled", "detail-disabled")
        elif self._is_primary:
            looks = ("great-on-primary", "detail-on-primary")
        mark(self._title, "words", looks[0])
        mark(self._detail, "words", looks[1])
        self._picture.setPixmap(self._drawings[0 if is_allowed else 1])
        call(self, f"{self._words}, {detail}" if detail else self._words)
        self.setEnabled(is_allowed)


class CartHomeView(QWidget):
    def __init__(
        self, model: CartHomeIntents, day_sheet: DaySheetIntents, look: theme.Look
    ) -> None:
        super().__init__()
        mark(self, "surface", "ground")
        self._day_sheet = DaySheetView(day_sheet)
        self._look = look
        self._title = Words("title")
        self._message = StatusBanner("cart.message")
        self._start = GreatButton(
            "cart.start-visit", text("cart.start-visit"), "visit", is_primary=True
        )
        self._test = GreatButton("cart.test-devices", text("cart.test"), "test", is_primary=False)
        self._help = GreatButton("cart.call-help", text("cart.call-help"), "help", is_primary=False)
        self._visits = VisitRows(text("cart.visits"), model.choose)
        self._devices: RowList[DeviceKind, TextRow] = RowList(
            "cart.devices", text("cart.devices"), text("cart.no-devices")
        )
        self._lay_out()
        self._start.clicked.connect(model.start_visit)
        self._test.clicked.connect(model.test_devices)
        self._help.clicked.connect(model.call_help)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        great = QHBoxLayout()
        great.setSpacing(12)
        for button in (self._start, self._test, self._help):
            great.addWidget(button, 1)
        patients = Panel("cart.visits", text("cart.visits"))
        patients.content.addWidget(self._visits, 1)
        instruments = Panel("cart.instruments", text("cart.devices"))
        instruments.content.addWidget(self._devices, 1)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(patients, 8)
        below.addWidget(instruments, 5)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 20, 10)
        layout.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addWidget(self._day_sheet, 1)
        layout.addLayout(head)
        layout.addWidget(self._message)
        layout.addLayout(great)
        layout.addLayout(below, 1)

    def draw(self, screen: CartHomeScreen) -> None:
        self._title.say(screen.title)
        self._message.tell(screen.message, tone=screen.message_tone)
        self._start.say(screen.start_detail, is_allowed=screen.can_start)
        test = text("cart.testing") if screen.is_testing else screen.test_detail
        self._test.say(
            SIGNS[screen.test_tone] + (test or text("cart.test-detail")),
            is_allowed=not screen.is_testing,
        )
        self._help.say(screen.help_detail or text("cart.help-detail"))
        self._visits.draw(screen.visits, screen.chosen)
        kinds = [device.kind for device in screen.devices]
        rows = self._devices.show_rows(kinds, lambda _: TextRow(self._look))
        for row, device in zip(rows, screen.devices, strict=True):
            said = (device.name, device.model, device.state, device.reason)
            row.show_row(
                f"device.{device.kind}",
                ", ".join(part for part in said if part),
                head=device.name,
                lines=(device.model,),
                state=f"{device.state}: {device.reason}" if device.reason else device.state,
                tone=device.tone,
            )

    def take_focus(self) -> None:
        if self._start.isEnabled():
            self._start.setFocus()
        elif self._visits.rows:
            self._visits.rows[0].setFocus()
