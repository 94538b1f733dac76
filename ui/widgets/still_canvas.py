"""A still with what is drawn beside it: looked at, measured, drawn on, compared with another.

By mouse, and by keyboard: the arrow keys move a cross, Enter sets the points of a mark. The picture
itself is never changed; what is drawn are numbers in its own pixels.
"""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

from app.domain.stills import Drawing, Mark, MarkKind, Point
from ui import theme
from ui.widgets.dress import call, identify
from ui.wording import text

STEP, LARGE_STEP = 2.0, 20.0  # of the cross, in pixels of the screen
HEAD = 14.0  # of an arrow, in pixels of the screen
INK, EDGE = "#FFD84D", "#101418"  # light on a dark edge: seen on skin of every colour


class Tool(StrEnum):
    ARROW = "arrow"
    CIRCLE = "circle"
    LABEL = "label"
    RULER = "ruler"
    SCALE = "scale"


class Compare(StrEnum):
    ALONE = "alone"
    BESIDE = "beside"
    OVER = "over"


class StillCanvas(QLabel):
    """`made(tool, start, end)` tells of two points that a person has set with a tool.

    `length_of` puts a ruler's length into words. A QLabel with a pixmap by descent, so that a
    screen reader meets a graphic.
    """

    made = Signal(object, object, object)

    def __init__(self, identifier: str, name: str, length_of: Callable[[Mark, Drawing], str]):
        super().__init__()
        identify(self, identifier, name)
        self.setPixmap(QPixmap(1, 1))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._name = name
        self._length_of = length_of
        self._image, self._other = QImage(), QImage()
        self._drawing = Drawing()
        self._how = Compare.ALONE
        self._captions = ("", "")
        self._opacity = 0.5
        self._tool: Tool | None = None
        self._start: Point | None = None
        self._cross: QPointF | None = None  # in pixels of the widget
        self._words = ""
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(480, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 120)

    # --- what is shown ---------------------------------------------------------------------------

    def show_picture(self, image: QImage) -> None:
        if image.cacheKey() != self._image.cacheKey():  # the same again leaves what was begun
            self._image = image
            self._give_up()

    def show_other(self, image: QImage, how: Compare, captions: tuple[str, str] = ("", "")) -> None:
        """`captions` tell which is which, of our own picture and of the other one."""
        self._other, self._how, self._captions = image, how, captions
        self._tell()
        self.update()

    def show_drawing(self, drawing: Drawing) -> None:
        self._drawing = drawing
        self._tell()
        self.update()

    def show_words(self, words: str) -> None:
        """Said where a picture would be, while there is none."""
        self._words = words
        self._tell()
        self.update()

    def set_opacity(self, percent: int) -> None:
        self._opacity = percent / 100
        self.update()

    def use(self, tool: Tool | None) -> None:
        self._tool = tool
        self._give_up()

    @property
    def has_picture(self) -> bool:
        return not self._image.isNull()

    # --- two points ------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key = Qt.Key(event.key())
        if self._tool is None or not self.has_picture:
            super().keyPressEvent(event)
        elif key in ways:
            is_large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._move_cross(*ways[key], LARGE_STEP if is_large else STEP)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._set_point(self._cross or self._frame().center())
        elif key == Qt.Key.Key_Escape and self._start is not None:
            self._give_up()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._tool is not None and self.has_picture:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self._set_point(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._tool is not None and self.has_picture:
            self._cross = self._inside(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Drawn in one go, or with two clicks: a place far from the first ends it."""
        if self._start is not None:
            here = self._point_at(self._inside(event.position()))
            if self._start.distance(here) * self._scale() > 2 * HEAD:
                self._set_point(event.position())

    def _move_cross(self, right: int, down: int, step: float) -> None:
        at = self._cross or self._frame().center()
        self._cross = self._inside(at + QPointF(right * step, down * step))
        self._tell()
        self.update()

    def _set_point(self, at: QPointF) -> None:
        assert self._tool is not None
        self._cross = self._inside(at)
        here = self._point_at(self._cross)
        if self._tool is Tool.LABEL:
            self.made.emit(self._tool, here, here)
        elif self._start is None:
            self._start = here
        else:
            start, self._start = self._start, None
            if start.distance(here) >= 1.0:
                self.made.emit(self._tool, start, here)
        self._tell()
        self.update()

    def _give_up(self) -> None:
        self._start = None
        self._tell()
        self.update()

    # --- places ----------------------------------------------------------------------------------

    def _frame(self) -> QRectF:
        """Where the picture is drawn: as large as it goes, beside the other one in one half."""
        whole = QRectF(self.rect())
        if self._how is Compare.BESIDE and not self._other.isNull():
            whole.setWidth(whole.width() / 2 - theme.GAP / 2)
        return _fitted(self._image.size(), whole)

    def _other_frame(self) -> QRectF:
        half = QRectF(self.rect())
        half.setLeft(half.width() / 2 + theme.GAP / 2)
        return _fitted(self._other.size(), half)

    @property
    def _is_comparing(self) -> bool:
        return self.has_picture and not self._other.isNull() and self._how is not Compare.ALONE

    def _scale(self) -> float:
        return self._frame().width() / max(1, self._image.width())

    def _inside(self, at: QPointF) -> QPointF:
        frame = self._frame()
        x = min(max(at.x(), frame.left()), frame.right())
        return QPointF(x, min(max(at.y(), frame.top()), frame.bottom()))

    def _point_at(self, at: QPointF) -> Point:
        frame, scale = self._frame(), self._scale()
        return Point(
            round((at.x() - frame.left()) / scale, 2), round((at.y() - frame.top()) / scale, 2)
        )

    # --- painting --------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.DARK))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.has_picture:
            self._paint_pictures(painter)
            self._paint_marks(painter)
            self._paint_captions(painter)
            self._paint_cross(painter)
        else:
            painter.setPen(QColor(theme.ON_DARK))
            centred = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), int(centred), self._words)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.ON_DARK), theme.RING))
            painter.drawRect(self.rect().adjusted(1, 1, -2, -2))
        painter.end()

    def _paint_pictures(self, painter: QPainter) -> None:
        frame = self._frame()
        painter.drawImage(frame, self._image)
        if not self._is_comparing:
            return
        if self._how is Compare.OVER:
            painter.setOpacity(self._opacity)
            painter.drawImage(frame, self._other)
            painter.setOpacity(1.0)
            return
        painter.drawImage(self._other_frame(), self._other)

    def _paint_captions(self, painter: QPainter) -> None:
        """Below the lower corners of what they name, or inside where there is no room below."""
        if not self._is_comparing:
            return
        own, other = self._captions
        frame, below = self._frame(), QPointF(0, 2 * HEAD)
        self._paint_words(painter, frame.bottomLeft() + below, own, frame)
        if self._how is Compare.BESIDE:
            beside = self._other_frame()
            self._paint_words(painter, beside.bottomLeft() + below, other, beside)
        else:
            self._paint_words(painter, frame.bottomRight() + below, other, frame)

    def _paint_marks(self, painter: QPainter) -> None:
        for mark in self._drawing.marks:
            self._paint_mark(painter, mark)
        scale = self._drawing.scale
        if scale is not None:
            told = Mark(MarkKind.RULER, scale.start, scale.end)
            self._paint_line(painter, told, text("stills.scale-mark", length=self._length(told)))
        if self._start is not None and self._cross is not None and self._tool is not None:
            self._paint_begun(painter, self._start, self._point_at(self._cross))

    def _paint_begun(self, painter: QPainter, start: Point, end: Point) -> None:
        """What would be drawn if the second point were set here."""
        kinds = {Tool.ARROW: MarkKind.ARROW, Tool.CIRCLE: MarkKind.CIRCLE}
        assert self._tool is not None
        self._paint_mark(painter, Mark(kinds.get(self._tool, MarkKind.RULER), start, end))

    def _paint_mark(self, painter: QPainter, mark: Mark) -> None:
        start, end = self._at(mark.start), self._at(mark.end)
        match mark.kind:
            case MarkKind.ARROW:
                for pen in _pens():
                    painter.setPen(pen)
                    painter.drawLine(start, end)
                    painter.drawPolyline(_head(start, end))
            case MarkKind.CIRCLE:
                radius = mark.start.distance(mark.end) * self._scale()
                for pen in _pens():
                    painter.setPen(pen)
                    painter.drawEllipse(start, radius, radius)
            case MarkKind.LABEL:
                self._paint_words(painter, start, mark.words)
            case MarkKind.RULER:
                self._paint_line(painter, mark, self._length(mark))

    def _paint_line(self, painter: QPainter, mark: Mark, words: str) -> None:
        start, end = self._at(mark.start), self._at(mark.end)
        for pen in _pens():
            painter.setPen(pen)
            painter.drawLine(start, end)
            for at in (start, end):
                painter.drawEllipse(at, 3, 3)
        middle, below = (start + end) / 2, QPointF(0, 2 * HEAD)
        is_room = middle.y() + below.y() < self.height()
        self._paint_words(painter, middle + below if is_room else middle - below / 2, words)

    def _paint_words(
        self, painter: QPainter, at: QPointF, words: str, frame: QRectF | None = None
    ) -> None:
        """Never beside the picture that they belong to (ours, if none is told), below it too."""
        measured = painter.fontMetrics().boundingRect(words)
        box = QRectF(measured.translated(at.toPoint())).adjusted(-4, -3, 4, 3)
        frame = frame or self._frame()
        box.moveRight(min(box.right(), frame.right()))
        box.moveLeft(max(box.left(), frame.left()))
        box.moveBottom(min(box.bottom(), float(self.height())))
        box.moveTop(max(box.top(), frame.top()))
        painter.fillRect(box, QColor(EDGE))
        painter.setPen(QColor(INK))
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), words)

    def _paint_cross(self, painter: QPainter) -> None:
        if self._tool is None or self._cross is None:
            return
        at = self._cross
        for pen in _pens():
            painter.setPen(pen)
            painter.drawLine(at - QPointF(10, 0), at + QPointF(10, 0))
            painter.drawLine(at - QPointF(0, 10), at + QPointF(0, 10))

    def _at(self, point: Point) -> QPointF:
        frame, scale = self._frame(), self._scale()
        return QPointF(frame.left() + point.x * scale, frame.top() + point.y * scale)

    def _length(self, mark: Mark) -> str:
        return self._length_of(mark, self._drawing)

    # --- what a screen reader is told ------------------------------------------------------------

    def _tell(self) -> None:
        parts = [self._name]
        if not self.has_picture:
            parts.append(self._words)
        elif self._drawing.marks:
            parts.append(text("stills.marks", count=len(self._drawing.marks)))
        if self._is_comparing:
            parts.append(self._captions[1])
        if self._tool is not None and self._cross is not None and self.has_picture:
            here = self._point_at(self._cross)
            key = "stills.first-point" if self._start is None else "stills.second-point"
            parts.append(text(key, x=round(here.x), y=round(here.y)))
        call(self, ", ".join(part for part in parts if part))


def with_mark(drawing: Drawing, mark: Mark) -> Drawing:
    return replace(drawing, marks=(*drawing.marks, mark))


def _fitted(size: QSize, room: QRectF) -> QRectF:
    """As large as it goes without cutting or stretching."""
    if size.isEmpty():
        return QRectF(room)
    scale = min(room.width() / size.width(), room.height() / size.height())
    frame = QRectF(0, 0, size.width() * scale, size.height() * scale)
    frame.moveCenter(room.center())
    return frame


def _pens() -> tuple[QPen, QPen]:
    """A dark edge below a light line."""
    return QPen(QColor(EDGE), 5), QPen(QColor(INK), 2)


def _head(start: QPointF, end: QPointF) -> QPolygonF:
    way = end - start
    length = max(1.0, (way.x() ** 2 + way.y() ** 2) ** 0.5)
    back = way / length * HEAD
    across = QPointF(-back.y(), back.x()) * 0.5
    return QPolygonF([end - back + across, end, end - back - across])
