"""The window that asks for the store's PIN before the program, or for a new one, twice."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.domain.failures import Code
from ui.tone import Tone
from ui.widgets.button import Button, Kind
from ui.widgets.dress import call, identify, mark
from ui.widgets.words import Words
from ui.wording import failure, text

SIZE = (520, 300)


class AskPinWindow(QWidget):
    """`given` with what was typed; of a new PIN only when both are the same."""

    given = Signal(str)
    left = Signal()

    def __init__(self, *, is_new: bool, code: Code | None = None) -> None:
        super().__init__()
        self.setWindowTitle(text("product"))
        mark(self, "surface", "ground")
        self._title = Words("title", wraps=True)
        self._title.say(text("pin.title-new" if is_new else "pin.title"))
        self._pin = _field("pin.pin")
        self._again = _field("pin.again")
        self._again.setVisible(is_new)
        self._is_new = is_new
        self._message = Words(wraps=True, identifier="pin.message")
        self._message.say_or_hide("" if code is None else failure(code), Tone.BAD, signed=True)
        go_on = Button("pin.go-on", text("pin.go-on"), kind=Kind.PRIMARY)
        leave = Button("pin.leave", text("pin.without" if is_new else "cannot-open.leave"))
        layout = QVBoxLayout(self)
        for part in (self._title, self._pin, self._again, self._message):
            layout.addWidget(part)
        layout.addStretch(1)
        layout.addWidget(go_on)
        layout.addWidget(leave)
        go_on.clicked.connect(self._go_on)
        self._pin.returnPressed.connect(self._go_on)
        self._again.returnPressed.connect(self._go_on)
        leave.clicked.connect(self.left)
        self.resize(*SIZE)
        self._pin.setFocus()

    def _go_on(self) -> None:
        pin, again = self._pin.text(), self._again.text()
        if self._is_new and pin != again:
            self._message.say_or_hide(text("pin.differ"), Tone.BAD, signed=True)
            return
        self._pin.clear()
        self._again.clear()
        self.given.emit(pin)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        self.left.emit()


def _field(name: str) -> QLineEdit:
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setPlaceholderText(text(name))
    identify(field, name)
    call(field, text(name))
    return field
