"""A scrolling list of rows. Rows are kept and filled anew, never made anew, while they stand.

So whoever is about to press a row, by hand or by a screen reader, presses the row they saw.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QScroller, QVBoxLayout, QWidget

from ui.widgets.dress import identify, mark, show_when
from ui.widgets.words import Words

RowT = TypeVar("RowT", bound=QWidget)
KeyT = TypeVar("KeyT", bound=Hashable)


class RowList(QScrollArea, Generic[KeyT, RowT]):
    """One row has the tab stop; the arrow keys go from row to row."""

    def __init__(self, identifier: str, name: str, empty: str = "") -> None:
        super().__init__()
        identify(self, identifier, name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        QScroller.grabGesture(self.viewport(), QScroller.ScrollerGestureType.TouchGesture)
        self._rows: dict[KeyT, RowT] = {}
        inside = QWidget()
        mark(inside, "surface", "rows")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._empty = Words("small", wraps=True)
        self._empty.say_or_hide(empty)
        self._empty_words = empty
        self._column.addWidget(self._empty)
        self._column.addStretch(1)
        self.setWidget(inside)

    def sizeHint(self) -> QSize:
        """Small: a long list scrolls, it takes no room from its neighbours."""
        return self.minimumSizeHint()

    def space_rows(self, pixels: int) -> None:
        self._column.setSpacing(pixels)

    @property
    def rows(self) -> list[RowT]:
        return list(self._rows.values())

    def show_rows(self, keys: Sequence[KeyT], make: Callable[[KeyT], RowT]) -> list[RowT]:
        """The rows of these keys in this order; what is missing is made, what is gone goes."""
        for key in [key for key in self._rows if key not in keys]:
            row = self._rows.pop(key)
            row.setVisible(False)
            self._column.removeWidget(row)
            row.deleteLater()
        for place, key in enumerate(keys):
            if key not in self._rows:
                self._rows[key] = make(key)
                self._rows[key].installEventFilter(self)
            item = self._column.itemAt(place)
            if item is None or item.widget() is not self._rows[key]:
                self._column.insertWidget(place, self._rows[key])
        self._rows = {key: self._rows[key] for key in keys}
        show_when(self._empty, not self._rows and bool(self._empty_words))
        self._give_tab_stop()
        return self.rows

    def _give_tab_stop(self) -> None:
        focused = [row for row in self.rows if row.hasFocus()]
        stop = next(iter(focused or self.rows), None)
        for row in self.rows:
            both = Qt.FocusPolicy.StrongFocus if row is stop else Qt.FocusPolicy.ClickFocus
            if row.focusPolicy() != both:
                row.setFocusPolicy(both)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self._step_from(watched, step):
                return True
        return super().eventFilter(watched, event)

    def _step_from(self, watched: QObject, step: int) -> bool:
        rows = self.rows
        places = [place for place, row in enumerate(rows) if row is watched]
        if not places or not 0 <= places[0] + step < len(rows):
            return False
        row = rows[places[0] + step]
        row.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(row)
        self._give_tab_stop()
        return True
