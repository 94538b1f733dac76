"""What is set down on a body sound: buttons for the common words, a line for free ones."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.domain.sound_labels import LABEL_TEXT_MAX, LabelKind
from ui import theme
from ui.widgets.button import Button
from ui.widgets.dress import identify
from ui.wording import text

BUTTONS = (LabelKind.S1, LabelKind.S2, LabelKind.MURMUR, LabelKind.CRACKLE)


class SoundMarks(QWidget):
    marked = Signal(str, str)  # the kind, and free words

    def __init__(self, identifier: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP - 2)
        self._buttons = []
        for kind in BUTTONS:
            button = Button(f"{identifier}.{kind}", text(f"label.{kind}"))
            button.say(text(f"label.{kind}"), text(f"label.{kind}-name"))
            button.clicked.connect(lambda _=False, kind=kind: self.marked.emit(str(kind), ""))
            row.addWidget(button)
            self._buttons.append(button)
        self._line = QLineEdit()
        identify(self._line, f"{identifier}.text", text("label.text-name"))
        self._line.setPlaceholderText(text("label.text-placeholder"))
        self._line.setMaxLength(LABEL_TEXT_MAX)
        self._line.returnPressed.connect(self._say)
        row.addWidget(self._line, 1)

    def allow(self, is_allowed: bool) -> None:
        for button in self._buttons:
            button.allow(is_allowed)
        if self._line.isEnabled() != is_allowed:
            self._line.setEnabled(is_allowed)

    def _say(self) -> None:
        if words := self._line.text().strip():
            self._line.clear()
            self.marked.emit(str(LabelKind.TEXT), words)
