"""Text on the screen. What it shows is also its accessible name, without isolates."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui.tone import Tone
from ui.widgets.dress import call, identify, mark, show_when, tone_of

# A state is told by a sign besides its colour; none of them is an alarm's sign.
SIGNS = {Tone.PLAIN: "", Tone.GOOD: "✓ ", Tone.ATTENTION: "▲ ", Tone.BAD: "✕ "}


class Words(QLabel):
    """`kind` names the look in the style sheet; `wraps` for sentences."""

    def __init__(self, kind: str = "body", *, wraps: bool = False, identifier: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wraps)
        if wraps:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        mark(self, "words", kind)
        if identifier:
            identify(self, identifier)

    def say(self, shown: str, tone: Tone = Tone.PLAIN, *, signed: bool = False) -> None:
        """With `signed` the tone's sign stands before the words, but is not part of the name."""
        tone_of(self, tone)
        text = SIGNS[tone] + shown if signed and shown else shown
        if self.text() != text:
            self.setText(text)
        call(self, shown)

    def say_or_hide(self, shown: str, tone: Tone = Tone.PLAIN, *, signed: bool = False) -> None:
        """No empty line is left where there is nothing to say."""
        self.say(shown, tone, signed=signed)
        show_when(self, bool(shown))
