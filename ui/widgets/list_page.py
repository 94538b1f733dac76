"""A page of one list: the way back, its title, what is to be said, and the rows."""

from typing import Generic

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.widgets.button import Button
from ui.widgets.dress import mark
from ui.widgets.row_list import KeyT, RowList, RowT
from ui.widgets.status_banner import StatusBanner
from ui.widgets.words import Words


class ListPage(QWidget, Generic[KeyT, RowT]):
    """`name` begins the identifiers of its parts. `summary` stands below the title while it says
    something.
    """

    def __init__(self, name: str, *, back: str, listed: str, nothing: str = "") -> None:
        super().__init__()
        mark(self, "surface", "ground")
        self.back = Button(f"{name}.back", back, drawing="back")
        self.title = Words("title")
        self.summary = Words(wraps=True, identifier=f"{name}.summary")
        self.message = StatusBanner(f"{name}.message")
        self.rows: RowList[KeyT, RowT] = RowList(f"{name}.list", listed, nothing)
        self.rows.space_rows(10)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(self.back)
        head.addWidget(self.title)
        head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 8)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self.summary)
        layout.addWidget(self.message)
        layout.addWidget(self.rows, 1)
        self.summary.say_or_hide("")

    def take_focus(self) -> None:
        self.back.setFocus()
