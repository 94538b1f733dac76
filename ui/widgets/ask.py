"""A question inside the page, answered by one of two buttons. No dialog, no nested loop.

The safe answer has the keyboard first and Esc gives it; the other one never lies under the button
that asked, so that a double press does not confirm.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from ui.widgets.button import Button, Kind
from ui.widgets.dress import mark
from ui.widgets.words import Words


class Ask(QFrame):
    confirmed = Signal()
    cancelled = Signal()

    def __init__(self, name: str, confirm: str, cancel: str, *, is_in_panel: bool = False) -> None:
        """`name` begins the identifiers: name-confirm, name-cancel, name-question.

        In a panel, which is narrow, the answers stand below the question.
        """
        super().__init__()
        mark(self, "surface", "question")
        self._question = Words("strong", wraps=True, identifier=f"{name}-question")
        self._confirm = Button(f"{name}-confirm", confirm)
        self._cancel = Button(f"{name}-cancel", cancel, kind=Kind.PRIMARY)
        layout = QVBoxLayout(self) if is_in_panel else QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8 if is_in_panel else 24)
        layout.addWidget(self._question, 1)
        answers = QHBoxLayout()
        answers.setSpacing(8 if is_in_panel else 24)
        answers.addWidget(self._confirm)
        answers.addWidget(self._cancel)
        layout.addLayout(answers)
        self._confirm.clicked.connect(self._say_yes)
        self._cancel.clicked.connect(self._say_no)
        self.setVisible(False)

    @property
    def is_open(self) -> bool:
        return not self.isHidden()

    def open(self, question: str) -> None:
        self._question.say(question)
        self.setVisible(True)
        self._cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_unanswered(self) -> None:
        """What was asked about is gone."""
        self.setVisible(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._say_no()
        else:
            super().keyPressEvent(event)

    def _say_yes(self) -> None:
        self.setVisible(False)
        self.confirmed.emit()

    def _say_no(self) -> None:
        self.setVisible(False)
        self.cancelled.emit()
