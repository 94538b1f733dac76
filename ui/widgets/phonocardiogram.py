"""The curve of a body sound while it is heard, sweeping as on ECG paper.

Its height follows how loud the sound is, in steps of twice as much, and says so.
"""

from array import array
from functools import cache

from PySide6.QtCore import QLine, QPoint, QRect
from PySide6.QtGui import QColor, QPainter, QPen

from app.domain.curve import CurveKind, Strip
from ui import theme
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.sweep_canvas import SweepCanvas
from ui.wording import isolate, text

FULL_SCALE = 32768
LOUDEST_GAIN = 64
ROOM_SHARE = 0.9  # of the height that the loudest may take
QUIETER_AFTER = 120  # strips, four seconds, in which it would have fitted
STRIPS_A_NAME = 30
WORDS_AT = 6  # pixels from the edge


@cache
def curve_pen() -> QPen:
    return QPen(QColor(theme.CURVE), 1)


class Phonocardiogram(SweepCanvas):
    def __init__(self, identifier: str, name: str, feed: CurveFeed) -> None:
        self._gain = 8
        self._loudest = 0
        self._since_louder = self._since_named = 0
        self._level = 0
        self._last: tuple[int, int] | None = None
        super().__init__(identifier, name, CurveKind.SOUND, feed)

    @property
    def gain(self) -> int:
        return self._gain

    def forget(self) -> None:
        self._last, self._loudest = None, 0

    def draw_strip(self, painter: QPainter, strip: Strip, place: QRect) -> None:
        values = array("h", strip.data)
        self._judge(max(max(values), -min(values)))
        pairs, width, height = len(values) // 2, place.width(), place.height()
        left, middle, last = place.left(), height // 2, self._last
        scale = self._gain * middle * ROOM_SHARE / FULL_SCALE
        columns = []
        for column in range(width):
            first = column * pairs // width
            part = values[2 * first : 2 * max(first + 1, (column + 1) * pairs // width)]
            this = (middle - round(max(part) * scale), middle - round(min(part) * scale))
            top, bottom = this
            if last is not None:  # without a break between two columns
                top, bottom = min(top, last[1]), max(bottom, last[0])
            top, bottom, last = max(0, top), min(height - 1, bottom), this
            columns.append(QLine(left + column, top, left + column, max(top, bottom - 1)))
        self._last = last
        painter.setPen(curve_pen())
        painter.drawLines(columns)

    def _judge(self, peak: int) -> None:
        """Less height at once when it would not fit, more only after a while."""
        self._level = peak
        self._loudest = max(self._loudest, peak)
        self._since_named += 1
        if self._since_named >= STRIPS_A_NAME:
            self._since_named = 0
            self.name_state()
        if peak * self._gain > FULL_SCALE:
            while self._gain > 1 and peak * self._gain > FULL_SCALE:
                self._gain //= 2
            self._since_louder, self._loudest = 0, peak
            self.over_changed()
            return
        self._since_louder += 1
        if self._since_louder >= QUIETER_AFTER:
            while self._gain < LOUDEST_GAIN and self._loudest * self._gain * 2 < FULL_SCALE * 0.8:
                self._gain *= 2
            self._since_louder, self._loudest = 0, 0
            self.over_changed()

    def state_words(self) -> str:
        percent = f"{100 * self._level // FULL_SCALE} %"
        return text("curve.spoken", name=self._spoken_name, percent=percent)

    def draw_over(self, painter: QPainter) -> None:
        painter.setPen(QColor(theme.MUTED_ON_DARK))
        words = text("curve.gain", gain=isolate(f"{self._gain} ×"))
        painter.drawText(QPoint(WORDS_AT, self.height() - WORDS_AT), words)
