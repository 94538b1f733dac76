"""A strip that says what is gone and since when; there only while it has something to say."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ui.tone import Tone
from ui.widgets.dress import call, identify, mark, show_when, tone_of
from ui.widgets.words import SIGNS
from ui.wording import spoken


class StatusBanner(QLabel):
    """The first words are bold, the detail follows. A change is announced politely, once."""

    def __init__(self, identifier: str) -> None:
        super().__init__()
        identify(self, identifier)
        mark(self, "words", "strip")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setIndent(0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setVisible(False)

    def tell(self, words: str, detail: str = "", tone: Tone = Tone.BAD) -> None:
        name = spoken(f"{words}. {detail}" if detail else words)
        if words and name != self.accessibleName():
            self.setText(f"{SIGNS[tone]}<b>{escape(words)}</b> &nbsp; {escape(detail)}")
            call(self, name)
            announce(self, name)
        elif not words:
            self.clear()
            call(self, "")
            self.setAccessibleName("")
        tone_of(self, tone)
        show_when(self, bool(words))


def announce(widget: QWidget, words: str) -> None:
    """For states, never for alarms: a screen reader says it when it has finished what it says."""
    if QAccessible.isActive():
        event = QAccessibleAnnouncementEvent(widget, words)
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Polite)
        QAccessible.updateAccessibility(event)
