"""A button of ours: a word, often a drawing beside it, and a kind for the style sheet."""

from enum import StrEnum

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QSizePolicy

from ui import theme
from ui.widgets.dress import call, identify, mark
from ui.widgets.icons import icon

ICON = 20


class Kind(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    STOP = "stop"
    LINK = "link"
    STATUS = "status"
    TAB = "tab"


class Button(QPushButton):
    """`on_dark` where it stands beside pictures. The accessible name may say more than the word."""

    def __init__(
        self,
        identifier: str,
        words: str,
        *,
        kind: Kind = Kind.PLAIN,
        drawing: str = "",
        on_dark: bool = False,
    ) -> None:
        super().__init__(words)
        identify(self, identifier, words)
        mark(self, "kind", str(kind))
        self._kind = kind
        self._on_dark = on_dark
        self._drawing = ""
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        if drawing:
            self.draw_icon(drawing)

    def sizeHint(self) -> QSize:
        """Never narrower than high: a short word makes no small target."""
        hint = super().sizeHint()
        return hint.expandedTo(QSize(hint.height(), 0))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def draw_icon(self, drawing: str, *, inverted: bool = False) -> None:
        """`inverted` while the button stands out as a light one among dark ones."""
        key = f"{drawing}{inverted}"
        if key == self._drawing:
            return
        self._drawing = key
        light = (self._on_dark and not inverted) or self._kind in (Kind.PRIMARY, Kind.STOP)
        colour = theme.ON_DARK if light else theme.INK
        disabled = theme.DARK_EDGE if self._on_dark else theme.DISABLED_INK
        self.setIcon(icon(drawing, colour, disabled, ICON))
        self.setIconSize(QSize(ICON, ICON))

    def say(self, words: str, name: str = "") -> None:
        if self.text() != words:
            self.setText(words)
        call(self, name or words)

    def allow(self, is_allowed: bool) -> None:
        if self.isEnabled() != is_allowed:
            self.setEnabled(is_allowed)
