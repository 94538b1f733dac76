"""A strip of dark paper over which time sweeps from left to right, and begins anew at the left.

Only what is new is painted: `draw_at` of whoever draws on it gets a narrow place for each piece.
"""

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QLabel, QSizePolicy

from app.domain.curve import CurveKind, Strip
from ui import theme
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.dress import call, identify
from ui.wording import text

PIXELS_PER_MM = 4
SPEEDS_MM_S = (25, 50)
GRID_MM, STRONG_EACH = 5, 5
GRID_STEP = GRID_MM * PIXELS_PER_MM
OVER_WIDTH = 120  # of words and scales
PAPER_WIDTH = STRONG_EACH * GRID_STEP  # after which it repeats
GAP_AHEAD = 14  # pixels erased before the sweep, so that old and new are told apart
BEHIND_S = 1.5  # a strip so far from the last one begins the sweep anew


class SweepCanvas(QLabel):
    """A QLabel, so that a screen reader meets a graphic. The position is that of the recording."""

    def __init__(self, identifier: str, name: str, kind: CurveKind, feed: CurveFeed) -> None:
        super().__init__()
        identify(self, identifier)
        self._spoken_name = name
        self._kind = kind
        self._feed = feed
        self._speed_mm_s = SPEEDS_MM_S[0]
        self._canvas = QImage()
        self._paper = QImage()  # of PAPER_WIDTH; what is erased is taken from here
        self._curve: int | None = None
        self._end_s: float | None = None  # until there it is drawn
        self._over: QImage | None = None  # what stands still at the left; None: to be drawn anew
        self._is_live = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        feed.strips.connect(self.add)
        self.name_state()

    # --- what the owner does -------------------------------------------------------------------

    def set_speed(self, speed_mm_s: int) -> None:
        if speed_mm_s != self._speed_mm_s:
            self._speed_mm_s = speed_mm_s
            self._wipe()

    def set_live(self, is_live: bool) -> None:
        """Not live: greyed, so that a standing curve is not taken for a running one."""
        if is_live != self._is_live:
            self._is_live = is_live
            self.name_state()
            self.update()

    def add(self, strips: list[Strip]) -> None:
        if not self.isVisible() or self._canvas.isNull():
            return
        painter = QPainter(self._canvas)
        for strip in strips:
            if strip.kind is self._kind:
                self._take(painter, strip)
            elif self._kind is CurveKind.SPECTRUM and not strip.data:
                self._take(painter, strip)  # a hole is one in both
        painter.end()

    @property
    def is_empty(self) -> bool:
        return self._end_s is None

    @property
    def is_live(self) -> bool:
        return self._is_live

    # --- what whoever draws on it fills in ------------------------------------------------------

    def draw_strip(self, painter: QPainter, strip: Strip, place: QRect) -> None:
        raise NotImplementedError(type(self).__name__)

    def forget(self) -> None:
        """Another recording begins."""

    def state_words(self) -> str:
        """What a screen reader is told of the curve while it runs."""
        return text("curve.running", name=self._spoken_name)

    def draw_over(self, painter: QPainter) -> None:
        """Words and scales that stand still, within OVER_WIDTH of the left edge."""

    def over_changed(self) -> None:
        self._over = None
        self.update()

    def name_state(self) -> None:
        still = text("curve.spoken-still", name=self._spoken_name)
        call(self, self.state_words() if self._is_live else still)

    # --- inside --------------------------------------------------------------------------------

    def _take(self, painter: QPainter, strip: Strip) -> None:
        if strip.curve != self._curve:
            self._curve = strip.curve
            self.forget()
            self._end_s = None
            self._erase(painter, 0, self._canvas.width())
            self.update()
        last_s = self._end_s
        is_next = last_s is not None and -0.05 < strip.at_s - last_s < BEHIND_S
        first = self._x_of(last_s if last_s is not None and is_next else strip.at_s)
        end = self._x_of(strip.at_s + strip.seconds)
        self._end_s = strip.at_s + strip.seconds
        if end <= first:
            return
        # Before a sweep that goes on there is nothing already.
        self._erase(painter, first + GAP_AHEAD if is_next else first, end + GAP_AHEAD)
        height = self._canvas.height()
        for left, right in self._pieces(first, end):
            place = QRect(left, 0, right - left, height)
            if strip.data:
                self.draw_strip(painter, strip, place)
            else:
                painter.fillRect(place, QColor(theme.CURVE_HOLE))
        for left, right in self._pieces(first, end + GAP_AHEAD):
            self.update(left, 0, right - left, height)

    def _x_of(self, at_s: float) -> int:
        """Pixels from the begin of the recording; the sweep goes round."""
        return int(at_s * self._speed_mm_s * PIXELS_PER_MM)

    def _pieces(self, first: int, end: int) -> list[tuple[int, int]]:
        """The same on the paper: in two where the sweep begins anew within it."""
        width = max(1, self._canvas.width())
        first, length = first % width, min(end - first, width)
        if first + length <= width:
            return [(first, first + length)]
        return [(first, width), (0, first + length - width)]

    def _erase(self, painter: QPainter, first: int, end: int) -> None:
        """A small piece of paper is at hand when a whole one is not: this is done for each strip,
        and what was last looked at a thirtieth of a second ago has to be fetched from far.
        """
        height = self._paper.height()
        for left, right in self._pieces(first, end) if end > first else ():
            while left < right:
                begin = left % PAPER_WIDTH
                width = min(right - left, PAPER_WIDTH - begin)
                painter.drawImage(left, 0, self._paper, begin, 0, width, height)
                left += width

    def _rule(self, painter: QPainter, height: int) -> None:
        for line in range(STRONG_EACH):
            colour = theme.CURVE_GRID if line else theme.CURVE_GRID_STRONG
            painter.fillRect(line * GRID_STEP, 0, 1, height, QColor(colour))
        middle = height // 2
        for offset in range(0, height // 2, GRID_STEP):
            for y in {middle - offset, middle + offset}:
                painter.fillRect(0, y, PAPER_WIDTH, 1, QColor(theme.CURVE_GRID))

    def _wipe(self) -> None:
        self._end_s, self._over = None, None
        self._canvas = QImage(self.size(), QImage.Format.Format_RGB32)
        self._paper = QImage(PAPER_WIDTH, self.height(), QImage.Format.Format_RGB32)
        if not self._canvas.isNull():
            self._paper.fill(QColor(theme.DARK))
            painter = QPainter(self._paper)
            self._rule(painter, self.height())
            painter.end()
            painter = QPainter(self._canvas)
            self._erase(painter, 0, self._canvas.width())
            painter.end()
        self.update()

    # --- Qt ------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(300, 72)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 50)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._wipe()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self.over_changed()

    def showEvent(self, event: QShowEvent) -> None:
        self._feed.look_for(self, True)

    def hideEvent(self, event: QHideEvent) -> None:
        self._feed.look_for(self, False)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawImage(event.rect(), self._canvas, event.rect())
        if self.is_empty:
            painter.setPen(QColor(theme.MUTED_ON_DARK))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text("curve.empty"))
        elif not self._is_live:
            veil = QColor(theme.DARK)
            veil.setAlpha(140)
            painter.fillRect(event.rect(), veil)
        if event.rect().left() < OVER_WIDTH and not self.is_empty:
            painter.drawImage(0, 0, self._over_now())
        painter.end()

    def _over_now(self) -> QImage:
        """Words are drawn once: under a sweep they would be drawn anew with each strip."""
        if self._over is None:
            ratio = self.devicePixelRatioF()
            size = QSize(min(OVER_WIDTH, self.width()), self.height()) * ratio
            self._over = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
            self._over.setDevicePixelRatio(ratio)
            self._over.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._over)
            painter.setFont(self.font())
            self.draw_over(painter)
            painter.end()
        return self._over
