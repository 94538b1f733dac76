"""One value with its unit, source and age. What is stale is drawn as a dash, never as a number."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui import theme
from ui.widgets.dress import call, identify
from ui.wording import DASH, spoken, text

MARGIN = 10
COLOURS = {
    "pressure": theme.VITAL_PRESSURE,
    "pulse": theme.VITAL_PULSE,
    "saturation": theme.VITAL_SATURATION,
    "temperature": theme.VITAL_TEMPERATURE,
    "plain": theme.VITAL_PRESSURE,
}


class VitalTile(QLabel):
    """A QLabel by descent only: so a screen reader meets a label and not an unknown filler.

    A small one stands beside others; its source is read out and not drawn.
    """

    def __init__(self, identifier: str, look: theme.Look, *, is_small: bool = False) -> None:
        super().__init__()
        identify(self, identifier)
        self._look = look
        self._drawn: tuple[object, ...] = ()
        self._name = self._value = self._unit = self._source = self._age = ""
        self._is_stale = True
        self._is_refused = False
        self._colour = theme.VITAL_PRESSURE
        self._is_small = is_small
        self._large = theme.TITLE if is_small else theme.VALUE
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def drawn_value(self) -> str:
        """What stands there large: the value, or a dash."""
        return DASH if self._is_stale or not self._value else self._value

    def show_value(
        self,
        *,
        name: str,
        value: str,
        unit: str,
        source: str,
        age: str,
        is_stale: bool,
        is_refused: bool = False,
        colour: str = "pressure",
    ) -> None:
        """A refused value is struck through and grey: shown, but not to be read as a result."""
        drawn = (name, value, unit, source, age, is_stale, is_refused, colour)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._name = text("vitals.refused") if is_refused else name
        self._value, self._unit = value, unit
        self._source, self._age = source, age
        self._is_stale, self._is_refused = is_stale, is_refused
        self._colour = COLOURS[colour]
        if self.drawn_value == DASH:
            call(self, text("tile.no-value", name=name))
        else:
            key = "tile.refused" if is_refused else "tile.spoken"
            call(self, text(key, name=name, value=value, unit=unit))
        self.setAccessibleDescription(spoken(f"{source} {age}".strip()))
        self.update()

    def sizeHint(self) -> QSize:
        small, value = self._metrics(theme.SMALL), self._metrics(self._large, bold=True)
        widest = "888.8" if self._is_small else "888/888"
        return QSize(
            value.horizontalAdvance(widest)
            + self._metrics(theme.BODY).horizontalAdvance("" if self._is_small else "mmHg")
            + 3 * MARGIN,
            small.height() * (1 if self._is_small else 2) + value.height() + MARGIN,
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.DARK))
        painter.drawRoundedRect(self.rect(), 4, 4)
        self._draw_words(painter)
        painter.end()

    def _draw_words(self, painter: QPainter) -> None:
        inner = self.rect().adjusted(MARGIN, MARGIN // 2, -MARGIN, -MARGIN // 2)
        small = self._metrics(theme.SMALL)
        top = QRect(inner.left(), inner.top(), inner.width(), small.height())
        bottom = QRect(top)
        bottom.moveBottom(inner.bottom())
        middle = QRect(inner.left(), top.bottom(), inner.width(), bottom.top() - top.bottom())
        if self._is_small:
            middle.setBottom(inner.bottom())
        else:
            self._write(painter, bottom, self._source, theme.MUTED_ON_DARK, theme.SMALL)
        right = Qt.AlignmentFlag.AlignRight
        self._write(painter, top, self._age, theme.MUTED_ON_DARK, theme.SMALL, align=right)
        top.setWidth(inner.width() - small.horizontalAdvance(self._age) - MARGIN // 2)
        self._write(painter, top, self._name, theme.MUTED_ON_DARK, theme.SMALL)
        is_grey = self._is_refused or self.drawn_value == DASH
        colour = theme.VITAL_STALE if is_grey else self._colour
        self._write(painter, middle, self.drawn_value, colour, self._large, bold=True)
        advance = self._metrics(self._large, bold=True).horizontalAdvance(self.drawn_value)
        unit = middle.adjusted(advance + MARGIN, 0, 0, 0)
        self._write(painter, unit, self._unit, colour, theme.BODY)

    def _write(
        self,
        painter: QPainter,
        where: QRect,
        words: str,
        colour: str,
        pixels: int,
        *,
        bold: bool = False,
        align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
    ) -> None:
        painter.setFont(self._font(pixels, bold))
        painter.setPen(QColor(colour))
        fitting = self._metrics(pixels, bold).elidedText(
            words, Qt.TextElideMode.ElideRight, where.width()
        )
        painter.drawText(where, align | Qt.AlignmentFlag.AlignVCenter, fitting)

    def _font(self, pixels: int, bold: bool) -> QFont:
        font = QFont(theme.FONT_FAMILY)
        font.setPixelSize(self._look.type_size(pixels))
        font.setBold(bold)
        font.setStrikeOut(self._is_refused and pixels == self._large)
        return font

    def _metrics(self, pixels: int, bold: bool = False) -> QFontMetrics:
        return QFontMetrics(self._font(pixels, bold))
