"""One row of a list as text: a bold part, further lines, and whether the server confirmed it."""

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui import theme
from ui.tone import Tone
from ui.widgets.dress import call, identify, mark
from ui.widgets.words import SIGNS
from ui.wording import harmless

COLOURS = {
    Tone.PLAIN: theme.MUTED,
    Tone.GOOD: theme.GOOD,
    Tone.ATTENTION: theme.ATTENTION,
    Tone.BAD: theme.BAD,
}


class TextRow(QLabel):
    """Reached by keyboard; its accessible name is the whole row in words."""

    def __init__(self, look: theme.Look) -> None:
        super().__init__()
        mark(self, "words", "row")
        self._look = look
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setIndent(0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_row(
        self,
        identifier: str,
        spoken: str,
        *,
        head: str,
        beside: str = "",
        lines: tuple[str, ...] = (),
        state: str,
        tone: Tone,
        body: str = "",
    ) -> None:
        """`head` bold with `beside` after it, small `lines`, the state with its sign, the body."""
        if self.objectName() != identifier:
            identify(self, identifier)
        small = self._look.type_size(theme.SMALL)
        parts = [f"<b>{escape(head)}</b>" + (f" &nbsp;{escape(beside)}" if beside else "")]
        if body:
            parts.append(escape(harmless(body)).replace("\n", "<br>"))
        quiet = f'<span style="font-size:{small}px; color:{theme.MUTED}">'
        parts += [f"{quiet}{escape(line)}</span>" for line in lines if line]
        parts.append(
            f'<span style="font-size:{small}px; color:{COLOURS[tone]}">'
            f"{SIGNS[tone]}{escape(state)}</span>"
        )
        shown = "<br>".join(parts)
        if self.text() != shown:
            self.setText(shown)
        call(self, spoken)
