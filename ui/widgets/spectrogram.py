"""Which tones a body sound holds while it is heard: time to the right, 0 to 1000 Hz upwards."""

import sys
from functools import cache

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter

from app.domain.curve import SPECTRUM_TOP_HZ, CurveKind, Strip
from ui import theme
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.sweep_canvas import SweepCanvas
from ui.wording import isolate

MARKED_HZ = (250, 500, 750)
PIXEL_BYTES = 4
ROOM_FOR_ALL = 72  # pixels
WORDS_AT = 8  # beside the marks


class Spectrogram(SweepCanvas):
    def __init__(self, identifier: str, name: str, feed: CurveFeed) -> None:
        super().__init__(identifier, name, CurveKind.SPECTRUM, feed)

    def draw_strip(self, painter: QPainter, strip: Strip, place: QRect) -> None:
        # Stretched before it is drawn: a painter would wake threads for each strip's few pixels.
        pixels, bands = pixel_bytes(), len(strip.data)
        rows = b"".join([pixels[loudness] for loudness in reversed(strip.data)])
        column = QImage(rows, 1, bands, PIXEL_BYTES, QImage.Format.Format_RGB32)
        painter.drawImage(place.topLeft(), column.scaled(place.size()))

    def draw_over(self, painter: QPainter) -> None:
        draw_scale(painter, self.rect())


def column_image(column: bytes, columns: int = 1) -> QImage:
    """Columns side by side, each from the lowest band up; the picture has the highest on top."""
    bands = len(column) // columns
    if columns == 1:
        rows = column[::-1]
    else:
        rows = b"".join(column[band::bands] for band in range(bands - 1, -1, -1))
    image = QImage(rows, columns, bands, columns, QImage.Format.Format_Indexed8).copy()
    image.setColorTable(colours())
    return image


def draw_scale(painter: QPainter, place: QRect) -> None:
    """The frequencies at the left edge."""
    painter.setPen(QColor(theme.MUTED_ON_DARK))
    has_room = place.height() >= ROOM_FOR_ALL
    for hertz in MARKED_HZ if has_room else MARKED_HZ[1:2]:
        y = place.top() + round(place.height() * (1 - hertz / SPECTRUM_TOP_HZ))
        painter.fillRect(place.left(), y, 5, 1, QColor(theme.MUTED_ON_DARK))
        painter.drawText(QPoint(place.left() + WORDS_AT, y + 4), isolate(f"{hertz} Hz"))


@cache
def pixel_bytes() -> list[bytes]:
    """The same as they lie in a picture."""
    return [colour.to_bytes(PIXEL_BYTES, sys.byteorder) for colour in colours()]


@cache
def colours() -> list[int]:
    """For each loudness from 0 to 255."""
    table = []
    for value in range(256):
        share = value / 255
        upper = next(place for place, (at, _) in enumerate(theme.SPECTRUM) if at >= share)
        lower = max(0, upper - 1)
        (low, low_name), (high, high_name) = theme.SPECTRUM[lower], theme.SPECTRUM[upper]
        part = (share - low) / (high - low) if high > low else 0.0
        one, other = QColor(low_name), QColor(high_name)
        mixed = QColor(
            round(one.red() + part * (other.red() - one.red())),
            round(one.green() + part * (other.green() - one.green())),
            round(one.blue() + part * (other.blue() - one.blue())),
        )
        table.append(mixed.rgb())
    return table
