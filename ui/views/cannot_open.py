"""The window that stands instead of the program when its store or server cannot be used."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.domain.failures import Code
from ui.tone import Tone
from ui.widgets.button import Button
from ui.widgets.dress import mark
from ui.widgets.status_banner import StatusBanner
from ui.widgets.words import Words
from ui.wording import failure, text

# The file cannot be read; what is unsent stands in the journal, too.
MAY_BEGIN_ANEW = (Code.STORE_DAMAGED, Code.DISK_FAULT)
SIZE = (640, 300)


class CannotOpenWindow(QWidget):
    """Says why, in words; `left` when the person has read it.

    Of a store that cannot be read it asks whether to put it aside: `begins_anew`.
    """

    left = Signal()
    begins_anew = Signal()

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.setWindowTitle(text("product"))
        mark(self, "surface", "ground")
        message = StatusBanner("cannot-open.message")
        message.tell(text("cannot-open.title"), failure(code), Tone.BAD)
        leave = Button("cannot-open.leave", text("cannot-open.leave"))
        leave.clicked.connect(self.left)
        layout = QVBoxLayout(self)
        layout.addWidget(message)
        if code in MAY_BEGIN_ANEW:
            explained = Words(wraps=True, identifier="cannot-open.begin-anew-explained")
            explained.say(text("cannot-open.begin-anew-explained"))
            begin = Button("cannot-open.begin-anew", text("cannot-open.begin-anew"))
            begin.clicked.connect(self.begins_anew)
            layout.addWidget(explained)
            layout.addStretch(1)
            layout.addWidget(begin)
        else:
            layout.addStretch(1)
        layout.addWidget(leave)
        self.resize(*SIZE)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()
        self.left.emit()
