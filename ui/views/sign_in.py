"""Sign-in: who is this machine for, who are you, and what is not kept."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui import theme
from ui.tone import Tone
from ui.view_models.sign_in import SignInIntents, SignInScreen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, mark
from ui.widgets.words import Words
from ui.wording import text

CARD_WIDTH = 460


class SignInView(QWidget):
    def __init__(self, model: SignInIntents, look: theme.Look) -> None:
        super().__init__()
        mark(self, "surface", "ground")
        self._was_busy = False
        self._filled_in = False
        self._build(look)
        self._submit.clicked.connect(self._sign_in)
        self._username.returnPressed.connect(lambda: self._password.setFocus())
        self._password.returnPressed.connect(self._sign_in)
        self._model = model
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _build(self, look: theme.Look) -> None:
        self._demonstration = Words("mark")
        self._product = Words("small")
        self._product.say(text("product"))
        self._title = Words("title")
        self._server = Words("body", identifier="sign-in.server")
        self._username = QLineEdit()
        identify(self._username, "sign-in.username", text("sign-in.username"))
        self._password = QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        identify(self._password, "sign-in.password", text("sign-in.password"))
        self._submit = Button("sign-in.submit", text("sign-in.submit"), kind=Kind.PRIMARY)
        self._message = Words(wraps=True, identifier="sign-in.message")
        self._store_warning = Words("chip", wraps=True, identifier="sign-in.store")

        card = QFrame()
        mark(card, "surface", "panel")
        card.setFixedWidth(round(CARD_WIDTH * max(1.0, look.scale)))
        grid = QGridLayout(card)
        grid.setContentsMargins(28, 20, 28, 24)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(12)
        grid.addWidget(self._product, 0, 0)
        grid.addWidget(self._demonstration, 0, 1, Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self._title, 1, 0, 1, 2)
        rows: list[tuple[str, QWidget]] = [
            ("sign-in.server", self._server),
            ("sign-in.username", self._username),
            ("sign-in.password", self._password),
        ]
        for place, (key, field) in enumerate(rows, start=2):
            label = Words()
            label.say(text(key))
            grid.addWidget(label, place, 0)
            grid.addWidget(field, place, 1)
        grid.addWidget(self._submit, 5, 1)
        grid.addWidget(self._message, 6, 0, 1, 2)
        grid.addWidget(self._store_warning, 7, 0, 1, 2)
        grid.setColumnStretch(1, 1)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        centred = QHBoxLayout()
        centred.addStretch(1)
        centred.addWidget(card)
        centred.addStretch(1)
        outer.addLayout(centred)
        outer.addStretch(3)

    def draw(self, screen: SignInScreen) -> None:
        self._title.say(screen.title)
        self._server.say(screen.server)
        self._demonstration.say_or_hide(screen.demonstration)
        if screen.username and not self._filled_in:
            self._filled_in = True
            self._username.setText(screen.username)
        self._submit.say(text("sign-in.busy" if screen.is_busy else "sign-in.submit"))
        for field in (self._submit, self._username, self._password):
            field.setEnabled(not screen.is_busy)
        if self._was_busy and not screen.is_busy:
            self._password.clear()
            self._password.setFocus()
        self._was_busy = screen.is_busy
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        self._store_warning.say_or_hide(screen.store_warning, Tone.ATTENTION, signed=True)

    def take_focus(self) -> None:
        """To the first field that is still empty."""
        field = self._password if self._username.text() else self._username
        field.setFocus()

    def _sign_in(self) -> None:
        self._model.sign_in(self._username.text(), self._password.text())
