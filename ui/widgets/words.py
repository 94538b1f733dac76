"""Text on the screen. What it shows is also its accessible name, without isolates."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui.tone import Tone
from ui.widgets.dress import call, identify, mark, show_when, tone_of

# A state is told by a sign besides its colour; none of them is an alarm's sign.
# What the style sheet puts around a kind of words, left and right together.
PADDING = {"chip": 16, "mark": 18, "banner-allergies": 16, "banner-no-allergies": 16}
SIGNS = {Tone.PLAIN: "", Tone.GOOD: "✓ ", Tone.ATTENTION: "▲ ", Tone.BAD: "✕ "}


class Words(QLabel):
    """`kind` names the look in the style sheet; `wraps` for sentences.

    `gives_way` stands in one line where there is room, and wraps, up to so many `lines`, before it
    pushes others out.
    """

    def __init__(
        self,
        kind: str = "body",
        *,
        wraps: bool = False,
        gives_way: bool = False,
        lines: int = 2,
        identifier: str = "",
    ) -> None:
        super().__init__()
        self._gives_way = gives_way
        self._least_share = {2: 0.55, 3: 0.36}[lines]  # words do not fill their lines to the end
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setIndent(0)
        self.setWordWrap(wraps or gives_way)
        if wraps or gives_way:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        mark(self, "words", kind)
        if identifier:
            identify(self, identifier)

    def sizeHint(self) -> QSize:
        if not self._gives_way:
            return super().sizeHint()
        width = self._width_of(self.text())
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        if not self._gives_way:
            return super().minimumSizeHint()
        pieces = self.text().replace("-", "- ").split(" ")
        longest = max((self._width_of(piece) for piece in pieces), default=0)
        width = max(longest, round(self._width_of(self.text()) * self._least_share))
        return QSize(width, self.fontMetrics().height())

    def _width_of(self, words: str) -> int:
        self.ensurePolished()
        padding = PADDING.get(str(self.property("words")), 0)
        return self.fontMetrics().horizontalAdvance(words) + padding + 2

    def say(
        self, shown: str, tone: Tone = Tone.PLAIN, *, signed: bool = False, name: str = ""
    ) -> None:
        """With `signed` the tone's sign stands before the words, but is not part of the name."""
        tone_of(self, tone)
        text = SIGNS[tone] + shown if signed and shown else shown
        if self.text() != text:
            self.setText(text)
        call(self, name or shown)

    def say_or_hide(self, shown: str, tone: Tone = Tone.PLAIN, *, signed: bool = False) -> None:
        """No empty line is left where there is nothing to say."""
        self.say(shown, tone, signed=signed)
        show_when(self, bool(shown))
