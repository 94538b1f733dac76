"""A whole recording as one strip: how loud it is, what is missing, what came late, what is marked.

A cursor is moved by arrow keys (Shift: a stretch is chosen), by Home and End, and by pressing.
"""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui import theme
from ui.shown import MarkShown, TimelineShown
from ui.widgets.dress import call, identify
from ui.wording import isolate, text

NOTHING = 255  # of a peak
PEAKS_PER_S = 4
STEP_S, WIDE_STEP_S = 0.5, 5.0
MARK_ROW = 16  # pixels at the top, for marks
LEAST_CHOSEN_S = 0.2


class SoundTimeline(QLabel):
    """`moved(at_s)` when the cursor goes, `chose(from_s, to_s)` when a stretch is chosen."""

    moved = Signal(float)
    chose = Signal(float, float)

    def __init__(self, identifier: str, name: str) -> None:
        super().__init__()
        identify(self, identifier, name)
        self._spoken_name = name
        self._shown = TimelineShown()
        self._cursor_s = 0.0
        self._anchor_s: float | None = None
        self._chosen: tuple[float, float] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(300, 46)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 46)

    def show_timeline(self, shown: TimelineShown) -> None:
        if shown != self._shown:
            self._shown = shown
            self._cursor_s = min(self._cursor_s, shown.seconds)
            self._name()
            self.update()

    def move_to(self, at_s: float) -> None:
        """By what plays, not by the person."""
        if abs(at_s - self._cursor_s) >= 0.01:
            before, self._cursor_s = self._x_of(self._cursor_s), at_s
            for x in (before, self._x_of(at_s)):
                self.update(x - 2, 0, 5, self.height())

    def choose(self, chosen: tuple[float, float] | None) -> None:
        if chosen != self._chosen:
            self._chosen = chosen
            self.update()

    @property
    def cursor_s(self) -> float:
        return self._cursor_s

    # --- keys and pointer ----------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_wide = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        step = WIDE_STEP_S if is_wide else STEP_S
        goals = {
            Qt.Key.Key_Left: self._cursor_s - step,
            Qt.Key.Key_Right: self._cursor_s + step,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: self._shown.seconds,
        }
        goal = goals.get(Qt.Key(event.key()))
        if goal is None:
            super().keyPressEvent(event)
            return
        self._go(goal, is_choosing=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._anchor_s = None
        self._go(self._at_of(event.position().x()), is_choosing=False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(self._at_of(event.position().x()), is_choosing=True)

    def _go(self, to_s: float, *, is_choosing: bool) -> None:
        from_s = self._cursor_s
        self._cursor_s = min(max(0.0, to_s), self._shown.seconds)
        if is_choosing:
            self._anchor_s = from_s if self._anchor_s is None else self._anchor_s
            ends = sorted((self._anchor_s, self._cursor_s))
            if ends[1] - ends[0] >= LEAST_CHOSEN_S:
                self.choose((ends[0], ends[1]))
                self.chose.emit(ends[0], ends[1])
        else:
            self._anchor_s = None
        self._name()
        self.update()
        self.moved.emit(self._cursor_s)

    def _name(self) -> None:
        at = isolate(f"{self._cursor_s:.1f} s")
        whole = isolate(f"{self._shown.seconds:.1f} s")
        words = text("timeline.spoken", name=self._spoken_name, at=at, whole=whole)
        call(self, f"{words} {self._shown.spoken}".strip())

    # --- drawing -------------------------------------------------------------------------------

    def _x_of(self, at_s: float) -> int:
        return round(at_s / max(self._shown.seconds, 0.001) * (self.width() - 1))

    def _at_of(self, x: float) -> float:
        return x / max(1, self.width() - 1) * self._shown.seconds

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.DARK))
        if self._shown.seconds > 0:
            self._draw_peaks(painter)
            self._draw_late(painter)
            self._draw_gaps(painter)
            self._draw_chosen(painter)
            self._draw_marks(painter)
            x = self._x_of(self._cursor_s)
            painter.fillRect(x - 1, 0, 3, self.height(), QColor(theme.CURVE_PLAYHEAD))
        else:
            painter.setPen(QColor(theme.MUTED_ON_DARK))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text("timeline.empty"))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.ON_DARK), theme.RING))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        painter.end()

    def _draw_peaks(self, painter: QPainter) -> None:
        peaks = self._shown.peaks
        room = self.height() - MARK_ROW
        missing = QBrush(QColor(theme.MUTED), Qt.BrushStyle.BDiagPattern)
        for x in range(self.width()):
            first = int(self._at_of(x) * PEAKS_PER_S)
            end = max(first + 1, int(self._at_of(x + 1) * PEAKS_PER_S))
            here = [peak for peak in peaks[first:end] if peak != NOTHING]
            if here:
                half = max(1, max(here) * (room - 4) // 510)
                middle = MARK_ROW + room // 2
                painter.fillRect(x, middle - half, 1, 2 * half, QColor(theme.CURVE))
            else:
                painter.fillRect(x, MARK_ROW, 1, room, missing)

    def _draw_late(self, painter: QPainter) -> None:
        for start_s, end_s in self._shown.late:
            left, right = self._x_of(start_s), self._x_of(end_s)
            bar = QRect(left, self.height() - 5, max(2, right - left), 5)
            painter.fillRect(bar, QColor(theme.ATTENTION_ON_DARK))

    def _draw_gaps(self, painter: QPainter) -> None:
        pen = QPen(QColor(theme.BAD_ON_DARK), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for at_s in self._shown.gaps_s:
            x = self._x_of(at_s)
            painter.drawLine(x, MARK_ROW, x, self.height())

    def _draw_chosen(self, painter: QPainter) -> None:
        if self._chosen is not None:
            left, right = (self._x_of(at_s) for at_s in self._chosen)
            veil = QColor(theme.ON_DARK)
            veil.setAlpha(45)
            painter.fillRect(QRect(left, 0, max(1, right - left), self.height()), veil)

    def _draw_marks(self, painter: QPainter) -> None:
        draw_marks(painter, self._shown.marks, self._x_of, self.rect())


def draw_marks(
    painter: QPainter, marks: Sequence[MarkShown], x_of: Callable[[float], int], place: QRect
) -> None:
    """A word at its moment, a bar for a stretch; a word that has no room is left to its line."""
    painter.setPen(QColor(theme.CURVE_LABEL))
    metrics = painter.fontMetrics()
    free_from = place.left()
    for shown in sorted(marks, key=lambda one: one.at_s):
        left, right = x_of(shown.at_s), x_of(shown.to_s)
        if not place.left() <= left <= place.right():
            continue
        painter.fillRect(left, place.top(), 1, place.height(), QColor(theme.CURVE_LABEL))
        if right > left + 1:
            painter.fillRect(left, place.top(), right - left, 3, QColor(theme.CURVE_LABEL))
        width = metrics.horizontalAdvance(shown.word)
        if left >= free_from and left + width + 4 <= place.right():
            painter.drawText(QPoint(left + 3, place.top() + metrics.ascent() + 1), shown.word)
            free_from = left + width + 8
