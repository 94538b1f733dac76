"""Our own drawings from resources/icons, in any colour and size; always beside a word."""

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

DRAWN_IN = "#000000"
TWICE = 2  # drawn finer than shown, for screens with more dots


@cache
def icon(name: str, colour: str, disabled_colour: str, pixels: int) -> QIcon:
    made = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled_colour)):
        made.addPixmap(pixmap(name, ink, pixels), mode)
    return made


def pixmap(name: str, colour: str, pixels: int) -> QPixmap:
    drawing = files("resources").joinpath("icons", f"{name}.svg").read_text("utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.replace(DRAWN_IN, colour).encode()))
    canvas = QPixmap(QSize(pixels, pixels) * TWICE)
    canvas.fill(QColor(Qt.GlobalColor.transparent))
    painter = QPainter(canvas)
    renderer.render(painter)
    painter.end()
    canvas.setDevicePixelRatio(TWICE)
    return canvas
