"""The early warning score: three things to type or choose, and the score, whole or not at all."""

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ui import theme
from ui.view_models.news2 import News2Intents, News2Screen
from ui.widgets.button import Button, Kind
from ui.widgets.dress import identify, show_when
from ui.widgets.row_list import RowList
from ui.widgets.text_row import TextRow
from ui.widgets.words import Words
from ui.wording import text

MOST_DIGITS = 3


class News2View(QWidget):
    def __init__(self, model: News2Intents, look: theme.Look) -> None:
        super().__init__()
        self._look = look
        self._kept = model.screen.kept
        self._score = Words("title", identifier="news2.score")
        self._risk = Words("chip", wraps=True, identifier="news2.risk")
        self._incomplete = Words("chip", wraps=True, identifier="news2.incomplete")
        self._respiration = QLineEdit()
        self._respiration.setMaxLength(MOST_DIGITS)
        self._respiration.setPlaceholderText(text("news2.breaths"))
        identify(self._respiration, "news2.respiration", text("news2.respiration"))
        self._oxygen, self._consciousness, self._scale = (
            _choice(f"news2.{end}", text(f"news2.{end}"))
            for end in ("oxygen", "consciousness", "scale")
        )
        self._keep = Button("news2.keep", text("news2.keep"), kind=Kind.PRIMARY)
        self._message = Words(wraps=True, identifier="news2.message")
        self._rows: RowList[int, TextRow] = RowList("news2.rows", text("news2.rows"))
        self._remark = Words("small", wraps=True, identifier="news2.remark")
        self._lay_out()
        self._keep.clicked.connect(lambda: self._hand_over(model))
        self._respiration.returnPressed.connect(lambda: self._hand_over(model))
        model.changed.connect(self.draw)
        self.draw(model.screen)

    def _lay_out(self) -> None:
        typed = QHBoxLayout()
        typed.setSpacing(theme.GAP - 2)
        typed.addWidget(self._respiration, 1)
        typed.addWidget(self._oxygen, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP - 2)
        for part in (self._score, self._risk, self._incomplete):
            layout.addWidget(part)
        layout.addLayout(typed)
        for below in (self._consciousness, self._scale, self._keep, self._message):
            layout.addWidget(below)
        layout.addWidget(self._rows, 1)
        layout.addWidget(self._remark)

    def _hand_over(self, model: News2Intents) -> None:
        """The first entry of each box is no choice; a scale is handed over when it is another."""
        model.keep(
            self._respiration.text(),
            self._oxygen.currentIndex() - 1,
            self._consciousness.currentIndex() - 1,
            self._scale.currentIndex(),
        )

    def draw(self, screen: News2Screen) -> None:
        _fill(self._oxygen, (text("news2.choose.oxygen"), *screen.oxygen))
        words = (text("news2.choose.consciousness"), *screen.consciousness)
        _fill(self._consciousness, words)
        if _fill(self._scale, screen.scales) or screen.kept != self._kept:
            self._scale.setCurrentIndex(screen.scale - 1)
        if screen.kept != self._kept:
            self._kept = screen.kept
            self._empty()
        self._score.say_or_hide(screen.score)
        self._risk.say_or_hide(screen.risk, screen.tone, signed=True)
        self._incomplete.say_or_hide(screen.incomplete)
        for field in (self._respiration, self._oxygen, self._consciousness, self._keep):
            show_when(field, screen.can_type)
        show_when(self._scale, screen.can_type and bool(screen.scales))
        self._message.say_or_hide(screen.message, screen.message_tone, signed=True)
        self._remark.say_or_hide(screen.remark)
        self._draw_rows(screen)

    def _empty(self) -> None:
        """What was kept belongs to its moment; the next one is counted and looked at anew."""
        self._respiration.clear()
        self._oxygen.setCurrentIndex(0)
        self._consciousness.setCurrentIndex(0)

    def _draw_rows(self, screen: News2Screen) -> None:
        places = list(range(1, len(screen.rows) + 1))
        rows = self._rows.show_rows(places, lambda _: TextRow(self._look))
        for place, (row, shown) in enumerate(zip(rows, screen.rows, strict=True), 1):
            row.show_row(
                f"news2.row.{place}",
                shown.spoken,
                head=shown.name,
                beside=shown.value,
                state=shown.points,
                tone=shown.tone,
            )


def _choice(identifier: str, name: str) -> QComboBox:
    box = QComboBox()
    identify(box, identifier, name)
    box.setAccessibleDescription(name)  # its name is what is chosen
    return box


def _fill(box: QComboBox, words: Sequence[str]) -> bool:
    """Whether there was something to fill in."""
    if [box.itemText(place) for place in range(box.count())] == list(words):
        return False
    box.clear()
    box.addItems(list(words))
    return True
