"""A sweeping curve of sound envelopes. Only the columns that are new are painted."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui import theme
from ui.widgets.dress import call, identify
from ui.wording import text

PEAKS_PER_SECOND = 50
SECONDS_SHOWN = 6
PLACES = PEAKS_PER_SECOND * SECONDS_SHOWN
GAP_AHEAD = 8  # erased places before the sweep, so that old and new are told apart


class Waveform(QLabel):
    """The oldest place is overwritten; behind the sweep stands the last six seconds."""

    def __init__(self, identifier: str, name: str) -> None:
        super().__init__()
        identify(self, identifier)
        self._spoken_name = name
        self._peaks: list[float | None] = [None] * PLACES
        self._next = 0
        self._since_named = 0
        self._is_live = False
        self._canvas = QImage()
        self.setMinimumHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._name_level()

    def sizeHint(self) -> QSize:
        return QSize(PLACES, 72)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 56)

    def add(self, peaks: Sequence[float]) -> None:
        """New peaks, 0..1, oldest first; none at all empties the strip."""
        if not peaks:
            self._empty()
            return
        first = self._next
        for peak in list(peaks)[-PLACES:]:
            self._peaks[self._next] = max(0.0, min(1.0, peak))
            self._next = (self._next + 1) % PLACES
        for ahead in range(GAP_AHEAD):
            self._peaks[(self._next + ahead) % PLACES] = None
        self._draw_places(first, min(len(peaks), PLACES) + GAP_AHEAD)
        self._since_named += len(peaks)
        if self._since_named >= PEAKS_PER_SECOND:
            self._name_level()

    def set_live(self, is_live: bool) -> None:
        """Not live: greyed, so that a standing curve is not taken for a running one."""
        if is_live != self._is_live:
            self._is_live = is_live
            self._draw_all()
            self._name_level()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._draw_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(event.rect(), self._canvas, event.rect())
        if all(peak is None for peak in self._peaks):
            painter.setPen(QColor(theme.MUTED_ON_DARK))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text("curve.empty"))
        painter.end()

    def _empty(self) -> None:
        self._peaks = [None] * PLACES
        self._next = 0
        self._draw_all()
        self._name_level()

    def _name_level(self) -> None:
        self._since_named = 0
        newest = [self._peaks[(self._next - 1 - back) % PLACES] for back in range(25)]
        known = [peak for peak in newest if peak is not None]
        key = "curve.spoken" if self._is_live and known else "curve.spoken-still"
        percent = round(100 * max(known, default=0.0))
        call(self, text(key, name=self._spoken_name, percent=f"{percent} %"))

    def _draw_all(self) -> None:
        self._canvas = QImage(self.size(), QImage.Format.Format_RGB32)
        self._canvas.fill(QColor(theme.DARK))
        if not self._canvas.isNull():
            self._draw_places(0, PLACES)

    def _draw_places(self, first: int, count: int) -> None:
        """Columns `first` to `first + count`, going round; each touches only its own strip."""
        painter = QPainter(self._canvas)
        curve = QColor(theme.CURVE if self._is_live else theme.CURVE_STALE)
        for place in range(first, first + count):
            column = self._column(place % PLACES)
            painter.fillRect(column, QColor(theme.DARK))
            peak = self._peaks[place % PLACES]
            if peak is not None:
                half = max(1, round(peak * (self.height() - 6) / 2))
                middle = self.height() // 2
                painter.fillRect(
                    QRect(column.left(), middle - half, column.width(), 2 * half), curve
                )
        painter.end()
        self._ask_repaint(first, count)

    def _ask_repaint(self, first: int, count: int) -> None:
        end = first + count
        self.update(self._strip(first, min(end, PLACES)))
        if end > PLACES:
            self.update(self._strip(0, end - PLACES))

    def _column(self, place: int) -> QRect:
        left = place * self.width() // PLACES
        right = (place + 1) * self.width() // PLACES
        return QRect(left, 0, max(1, right - left), self.height())

    def _strip(self, first: int, end: int) -> QRect:
        return self._column(first).united(self._column(max(first, end - 1)))
