"""The ladder below the pictures: two quiet lines, and what a person may choose."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.call import CallIntents, CallScreen
from ui.view_models.ladder import LadderScreen
from ui.widgets.button import Button
from ui.widgets.dress import identify, mark, show_when
from ui.widgets.words import Words
from ui.wording import text

HOLD_KEYS = "Ctrl+Shift+P"


class LadderView(QWidget):
    """`asked_for_messages`: where to go when neither picture nor voice gets through."""

    asked_for_messages = Signal()

    def __init__(self, model: CallIntents) -> None:
        super().__init__()
        self._model = model
        self._sent = Words("small-on-dark", wraps=True, identifier="visit.ladder-sent")
        self._received = Words("small-on-dark", wraps=True, identifier="visit.ladder-received")
        self._matters_told = Words("small-on-dark", wraps=True, identifier="visit.matters-told")
        self._hint = Words("on-dark", wraps=True, identifier="visit.ladder-hint")
        self._write = Button("visit.write-message", text("ladder.write"), on_dark=True)
        self._hold = Button("visit.hold-picture", text("ladder.hold"), on_dark=True)
        self._matters = QComboBox()
        self._matters.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        identify(self._matters, "visit.matters", text("ladder.matters"))
        self._lay_out()
        self._write.clicked.connect(self.asked_for_messages)
        self._hold.clicked.connect(model.toggle_hold)
        self._matters.activated.connect(model.choose)
        QShortcut(QKeySequence(HOLD_KEYS), self, model.toggle_hold)
        model.changed.connect(self._draw_call)
        self.draw(model.screen.ladder)

    def _lay_out(self) -> None:
        words, row, layout = QVBoxLayout(), QHBoxLayout(), QVBoxLayout(self)
        words.setSpacing(2)
        for part in (self._hint, self._sent, self._received, self._matters_told):
            words.addWidget(part)
        row.setSpacing(theme.GAP)
        row.addLayout(words, 1)
        for button in (self._hold, self._write):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._matters, 0, Qt.AlignmentFlag.AlignLeft)

    def _draw_call(self, screen: CallScreen) -> None:
        self.draw(screen.ladder)

    def draw(self, screen: LadderScreen) -> None:
        show_when(self, screen.is_shown)
        self._hint.say_or_hide(screen.hint, screen.sent_tone, signed=True)
        self._sent.say_or_hide(screen.sent, screen.sent_tone, signed=True)
        self._received.say_or_hide(screen.received, screen.received_tone, signed=True)
        self._matters_told.say_or_hide(screen.matters_told)
        show_when(self._write, bool(screen.hint))
        show_when(self._hold, screen.can_hold)
        show_when(self._matters, screen.can_choose)
        if [self._matters.itemText(place) for place in range(self._matters.count())] != list(
            screen.choices
        ):
            self._matters.clear()
            self._matters.addItems(screen.choices)
        self._matters.setCurrentIndex(screen.chosen)
        self._hold.say(screen.hold, screen.hold_name)
        mark(self._hold, "alert", screen.is_held)
