"""What belongs to nobody here: when it came, by whose clock, and why; assigned, asked first."""

from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.ids import RecordId
from ui import theme
from ui.view_models.tray import TrayIntents, TrayRowScreen, TrayScreen
from ui.widgets.ask import Ask
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify
from ui.widgets.row_list import RowList
from ui.widgets.words import Words
from ui.wording import text


class TrayRow(QWidget):
    """No number. The question, which names the patient, is asked in the row itself."""

    def __init__(self, record: RecordId, model: TrayIntents) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._question = ""
        self._what = Words("strong", wraps=True)
        self._clock, self._why = Words("small", wraps=True), Words("small", wraps=True)
        self._assign = Button("tray.assign", text("tray.assign"))
        self._discard = Button("tray.discard", text("vitals.discard"), kind=Kind.LINK)
        self._ask = Ask(
            "tray.assign",
            text("tray.assign-confirm"),
            text("tray.assign-cancel"),
            is_in_panel=True,
        )
        buttons = QHBoxLayout()
        buttons.addWidget(self._assign, 1)
        buttons.addWidget(self._discard, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 2, 8)
        layout.setSpacing(2)
        for part in (self._what, self._clock, self._why):
            layout.addWidget(part)
        layout.addLayout(buttons)
        layout.addWidget(self._ask)
        self._assign.clicked.connect(self.ask)
        self._ask.confirmed.connect(lambda: model.assign(record))
        self._discard.clicked.connect(lambda: model.discard(record))

    def ask(self) -> None:
        self._ask.open(self._question)

    def draw(self, place: int, screen: TrayRowScreen) -> None:
        identify(self, f"tray.{place}", screen.spoken)
        self._what.say(screen.what)
        self._clock.say(screen.clock)
        self._why.say(screen.why)
        self._assign.say(text("tray.assign"), text("tray.assign-name", time=screen.time))
        self._assign.allow(screen.can_assign)
        self._discard.say(text("vitals.discard"), text("tray.discard-name", time=screen.time))
        if screen.question != self._question or not screen.can_assign:
            self._ask.close_unanswered()  # it was about somebody else
        self._question = screen.question


class TrayView(QWidget):
    def __init__(self, model: TrayIntents) -> None:
        super().__init__()
        self._model = model
        self._message = Words(wraps=True, identifier="tray.message")
        self._again = Words("small", wraps=True, identifier="tray.told-again")
        self._rows: RowList[RecordId, TrayRow] = RowList(
            "tray.list", text("tray.list"), text("tray.empty")
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP - 2)
        layout.addWidget(self._message)
        layout.addWidget(self._again)
        layout.addWidget(self._rows, 1)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def ask_first(self) -> None:
        for row in self._rows.rows[:1]:
            row.ask()

    def draw(self, screen: TrayScreen) -> None:
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        self._again.say_or_hide(screen.told_again)
        keys = [row.record for row in screen.rows]
        rows = self._rows.show_rows(keys, lambda record: TrayRow(record, self._model))
        for place, (row, row_screen) in enumerate(zip(rows, screen.rows, strict=True), 1):
            row.draw(place, row_screen)
