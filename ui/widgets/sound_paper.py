"""A kept recording on paper: its curve and, below, which tones it holds; a page at a time.

The page follows what plays. Drawn once for each page; then only the playhead moves.
"""

from array import array

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from app.domain.curve import PAIRS_PER_S, SoundShape
from ui import theme
from ui.shown import MarkShown
from ui.widgets.dress import identify
from ui.widgets.sound_timeline import draw_marks
from ui.widgets.spectrogram import column_image, draw_scale
from ui.widgets.sweep_canvas import GRID_MM, PIXELS_PER_MM, SPEEDS_MM_S, STRONG_EACH
from ui.wording import isolate, text

CURVE_SHARE = 0.62  # of the height
FULL_SCALE = 32768


class SoundPaper(QLabel):
    """A QLabel, so that a screen reader meets a graphic."""

    def __init__(self, identifier: str, name: str, colour: str = theme.CURVE) -> None:
        super().__init__()
        identify(self, identifier, name)
        self._colour = colour
        self._shape: SoundShape | None = None
        self._pairs = array("h")
        self._speed_mm_s = SPEEDS_MM_S[0]
        self._gain = 1.0
        self._from_s = self._at_s = 0.0
        self._marks: tuple[MarkShown, ...] = ()
        self._page = QImage()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(300, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 64)

    def show_sound(
        self,
        shape: SoundShape | None,
        *,
        gain: float,
        speed_mm_s: int,
        marks: tuple[MarkShown, ...],
    ) -> None:
        if shape is not self._shape:
            self._shape, self._from_s, self._at_s = shape, 0.0, 0.0
            self._pairs = array("h", shape.pairs if shape is not None else b"")
        elif (gain, speed_mm_s, marks) == (self._gain, self._speed_mm_s, self._marks):
            return
        self._gain, self._speed_mm_s, self._marks = gain, speed_mm_s, marks
        self._page = QImage()
        self.update()

    def move_to(self, at_s: float) -> None:
        """The page is turned where it leaves this one."""
        self._at_s = at_s
        page_s = self.width() / self._pixels_a_second
        if not self._from_s <= at_s < self._from_s + page_s:
            self._from_s = max(0.0, at_s - 0.05 * page_s)
            self._page = QImage()
        self.update()

    @property
    def _pixels_a_second(self) -> float:
        return self._speed_mm_s * PIXELS_PER_MM

    # --- drawing -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._page = QImage()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._page.isNull():
            self._draw_page()
        painter = QPainter(self)
        painter.drawImage(event.rect(), self._page, event.rect())
        if self._shape is not None:
            x = round((self._at_s - self._from_s) * self._pixels_a_second)
            painter.fillRect(x - 1, 0, 2, self.height(), QColor(theme.CURVE_PLAYHEAD))
        painter.end()

    def _draw_page(self) -> None:
        self._page = QImage(self.size(), QImage.Format.Format_RGB32)
        self._page.fill(QColor(theme.DARK))
        painter = QPainter(self._page)
        shape, height = self._shape, round(self.height() * CURVE_SHARE)
        curve = QRect(0, 0, self.width(), height)
        tones = QRect(0, height + 2, self.width(), self.height() - height - 2)
        self._draw_grid(painter, curve)
        if shape is None:
            painter.setPen(QColor(theme.MUTED_ON_DARK))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text("paper.empty"))
        else:
            self._draw_curve(painter, curve)
            self._draw_tones(painter, shape, tones)
            draw_marks(painter, self._marks, self._x_of, self.rect())
            painter.setPen(QColor(theme.MUTED_ON_DARK))
            at = isolate(f"{self._from_s:.1f} s")
            painter.drawText(6, height - 6, text("paper.from", at=at))
        painter.end()

    def _x_of(self, at_s: float) -> int:
        return round((at_s - self._from_s) * self._pixels_a_second)

    def _draw_grid(self, painter: QPainter, place: QRect) -> None:
        step = GRID_MM * PIXELS_PER_MM
        for number, x in enumerate(range(0, place.width(), step)):
            is_strong = number % STRONG_EACH == 0
            colour = theme.CURVE_GRID_STRONG if is_strong else theme.CURVE_GRID
            painter.fillRect(x, 0, 1, place.height(), QColor(colour))
        for y in range(place.height() // 2 % step, place.height(), step):
            painter.fillRect(0, y, place.width(), 1, QColor(theme.CURVE_GRID))

    def _draw_curve(self, painter: QPainter, place: QRect) -> None:
        pairs, middle = self._pairs, place.height() // 2
        scale = self._gain * middle * 0.95 / FULL_SCALE
        per_pixel = PAIRS_PER_S / self._pixels_a_second
        first = self._from_s * PAIRS_PER_S
        colour, last = QColor(self._colour), None
        for x in range(place.width()):
            begin = int(first + x * per_pixel)
            end = max(begin + 1, int(first + (x + 1) * per_pixel))
            values = pairs[2 * begin : 2 * end]
            if not values:
                break
            top, bottom = middle - round(max(values) * scale), middle - round(min(values) * scale)
            upper, lower = (min(top, last[1]), max(bottom, last[0])) if last else (top, bottom)
            upper, lower = max(0, upper), min(place.height() - 1, lower)
            painter.fillRect(x, upper, 1, max(1, lower - upper), colour)
            last = (top, bottom)

    def _draw_tones(self, painter: QPainter, shape: SoundShape, place: QRect) -> None:
        first = int(self._from_s * shape.columns_per_s)
        count = int(place.width() / self._pixels_a_second * shape.columns_per_s) + 2
        there = len(shape.columns) // shape.column_bytes
        count = min(count, there - first)
        if count <= 0:
            return
        size = shape.column_bytes
        image = column_image(shape.columns[first * size : (first + count) * size], count)
        left = self._x_of(first / shape.columns_per_s)
        right = self._x_of((first + count) / shape.columns_per_s)
        painter.drawImage(QRect(left, place.top(), right - left, place.height()), image)
        draw_scale(painter, place)
