"""The locked screen: nothing of any patient, but a running call can be hung up and muted."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.lock import LockIntents, LockScreen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import call, identify, mark, show_when
from ui.widgets.words import Words
from ui.wording import text

CARD_WIDTH = 520


class LockView(QWidget):
    def __init__(self, model: LockIntents, look: theme.Look) -> None:
        super().__init__()
        mark(self, "surface", "ground")
        self._was_busy = False
        self._model = model
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        for card in (self._build_call(), self._build_lock()):
            card.setFixedWidth(round(CARD_WIDTH * max(1.0, look.scale)))
            centred = QHBoxLayout()
            centred.addStretch(1)
            centred.addWidget(card)
            centred.addStretch(1)
            outer.addLayout(centred)
            outer.addSpacing(16)
        outer.addStretch(3)
        self._hang_up.clicked.connect(model.hang_up)
        self._mute.clicked.connect(model.toggle_mute)
        self._unlock.clicked.connect(self._try)
        self._password.returnPressed.connect(self._try)
        self._sign_out.clicked.connect(model.sign_out)
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _build_call(self) -> QWidget:
        self._call = QFrame()
        mark(self._call, "surface", "dark")
        self._call_state = Words("call-state", wraps=True, identifier="lock.call-state")
        self._hang_up = Button(
            "lock.hang-up", text("call.hang-up"), drawing="hang-up", on_dark=True
        )
        self._mute = Button("lock.mute", text("call.mute"), drawing="microphone", on_dark=True)
        layout = QHBoxLayout(self._call)
        layout.setContentsMargins(20, 14, 20, 14)
        layout.setSpacing(24)
        layout.addWidget(self._call_state, 1)
        layout.addWidget(self._mute)
        layout.addWidget(self._hang_up)
        return self._call

    def _build_lock(self) -> QWidget:
        card = QFrame()
        mark(card, "surface", "panel")
        self._title = Words("title")
        self._title.say(text("lock.title"))
        self._explanation = Words(wraps=True)
        self._label = Words()
        self._password = QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        identify(self._password, "lock.password")
        self._unlock = Button("lock.unlock", text("lock.unlock"), kind=Kind.PRIMARY)
        self._message = Words(wraps=True, identifier="lock.message")
        self._sign_out = Button("lock.sign-out", text("lock.sign-out"), kind=Kind.LINK)
        grid = QGridLayout(card)
        grid.setContentsMargins(28, 20, 28, 20)
        grid.setVerticalSpacing(10)
        grid.addWidget(self._title, 0, 0, 1, 2)
        grid.addWidget(self._explanation, 1, 0, 1, 2)
        grid.addWidget(self._label, 2, 0, 1, 2)
        grid.addWidget(self._password, 3, 0)
        grid.addWidget(self._unlock, 3, 1)
        grid.addWidget(self._message, 4, 0, 1, 2)
        grid.addWidget(self._sign_out, 5, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(0, 1)
        return card

    def draw(self, screen: LockScreen) -> None:
        show_when(self._call, screen.has_call)
        show_when(self._sign_out, not screen.has_call)
        self._call_state.say(screen.call_state, screen.call_tone)
        if screen.is_muted:
            self._mute.say(text("call.muted"), text("call.unmute-name"))
        else:
            self._mute.say(text("call.mute"))
        self._mute.draw_icon(
            "microphone-off" if screen.is_muted else "microphone", inverted=screen.is_muted
        )
        mark(self._mute, "alert", screen.is_muted)
        self._explanation.say(screen.explanation)
        self._label.say(text("lock.password", person=screen.person))
        call(self._password, text("lock.password", person=screen.person))
        for field in (self._password, self._unlock):
            field.setEnabled(not screen.is_busy)
        if self._was_busy and not screen.is_busy:
            self._password.clear()
            self._password.setFocus()
        self._was_busy = screen.is_busy
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)

    def take_focus(self) -> None:
        self._password.clear()
        self._password.setFocus()

    def _try(self) -> None:
        self._model.unlock(self._password.text())
