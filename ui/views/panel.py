"""A framed part of a page with its title, and at the right of the title a quiet remark."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from ui import theme
from ui.widgets.dress import identify, mark
from ui.widgets.words import Words


class Panel(QFrame):
    def __init__(self, identifier: str, title: str, remark: str = "") -> None:
        super().__init__()
        identify(self, identifier, title)
        mark(self, "surface", "panel")
        self.content = QVBoxLayout(self)
        self.content.setContentsMargins(10, 6, 10, 8)
        self.content.setSpacing(theme.GAP - 2)
        self.head = head = QHBoxLayout()
        self._title = Words("panel-title")
        self._title.say(title)
        head.addWidget(self._title)
        head.addStretch(1)
        self.remark = Words("small", identifier=f"{identifier}.remark")
        self.remark.say_or_hide(remark)
        head.addWidget(self.remark)
        self.content.addLayout(head)
