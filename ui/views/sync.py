"""What the server has not accepted, why, and both texts side by side; a person decides."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy

from app.domain.ids import ChangeId
from ui.view_models.sync import UnsentIntents, UnsentRowScreen, UnsentScreen
from ui.widgets.ask import Ask
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, mark, show_when
from ui.widgets.list_page import ListPage
from ui.widgets.words import Words
from ui.wording import text


class UnsentRow(QFrame):
    """Written here at the left, at the server now at the right; giving up is asked twice."""

    def __init__(self, change: ChangeId, model: UnsentIntents) -> None:
        super().__init__()
        mark(self, "surface", "panel")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._what = Words("large-strong")
        self._patient = Words(wraps=True)
        self._reason = Words("chip", gives_way=True)
        self._mine, self._theirs = Words(wraps=True), Words(wraps=True)
        self._mine_label, self._theirs_label = Words("small"), Words("small")
        self._mine_label.say(text("unsent.mine"))
        self._theirs_label.say(text("unsent.theirs"))
        self._anew = Button("unsent.write-anew", text("unsent.write-anew"), kind=Kind.PRIMARY)
        self._decide = Button("unsent.decide", text("unsent.decide"), kind=Kind.PRIMARY)
        self._give_up = Button("unsent.give-up", text("unsent.give-up"))
        self._ask = Ask(
            "unsent.give-up", text("unsent.give-up-confirm"), text("unsent.give-up-cancel")
        )
        self._lay_out()
        self._anew.clicked.connect(lambda: model.write_anew(change))
        self._decide.clicked.connect(model.decide)
        self._give_up.clicked.connect(lambda: self._ask.open(text("unsent.give-up-question")))
        self._ask.confirmed.connect(lambda: model.give_up(change))

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 10)
        grid.setHorizontalSpacing(16)
        grid.addWidget(self._what, 0, 0)
        grid.addWidget(self._patient, 0, 1)
        grid.addWidget(self._reason, 1, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self._mine_label, 2, 0)
        grid.addWidget(self._theirs_label, 2, 1)
        grid.addWidget(self._mine, 3, 0)
        grid.addWidget(self._theirs, 3, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._anew)
        buttons.addWidget(self._decide)
        buttons.addStretch(1)
        buttons.addWidget(self._give_up)
        grid.addLayout(buttons, 4, 0, 1, 2)
        grid.addWidget(self._ask, 5, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)

    def draw(self, place: int, screen: UnsentRowScreen) -> None:
        said = screen.spoken or f"{screen.what}, {screen.patient}, {screen.reason}"
        identify(self, f"unsent.row.{place}", said)
        self._what.say(screen.what)
        self._patient.say(screen.patient)
        self._reason.say(screen.reason, screen.tone, signed=True)
        self._mine.say(screen.mine)
        self._theirs.say(screen.theirs)
        show_when(self._theirs, bool(screen.theirs))
        show_when(self._theirs_label, bool(screen.theirs))
        show_when(self._anew, screen.can_write_anew)
        show_when(self._decide, screen.can_decide)
        show_when(self._give_up, screen.can_give_up)
        if not screen.can_give_up:
            self._ask.close_unanswered()


class UnsentView(ListPage[ChangeId, UnsentRow]):
    def __init__(self, model: UnsentIntents) -> None:
        super().__init__(
            "unsent",
            back=text("unsent.back"),
            listed=text("unsent.list"),
            nothing=text("unsent.none"),
        )
        self._model = model
        self.back.clicked.connect(model.back)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def draw(self, screen: UnsentScreen) -> None:
        self.title.say(screen.title)
        self.summary.say_or_hide(screen.summary)
        self.message.tell(screen.message, tone=screen.message_tone)
        rows = self.rows.show_rows(
            [row.change for row in screen.rows], lambda change: UnsentRow(change, self._model)
        )
        for place, (row, row_screen) in enumerate(zip(rows, screen.rows, strict=True), start=1):
            row.draw(place, row_screen)
