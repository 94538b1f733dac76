"""Where on the body the instrument stands: a drawn chest or back with a button for each place.

One button has the tab stop; the arrow keys go to the nearest in their direction.
"""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from app.domain.body_sites import Aspect, Site
from ui import theme
from ui.shown import SiteShown
from ui.widgets.dress import call, identify, mark, show_when

# Of the drawing's width and height, as whoever faces the patient (or their back) sees it.
# Farther apart than on a body, so that no finger presses two.
PLACES: dict[Site, tuple[float, float]] = {
    Site.AORTIC: (0.38, 0.17),
    Site.PULMONIC: (0.62, 0.17),
    Site.ERB: (0.60, 0.50),
    Site.TRICUSPID: (0.53, 0.83),
    Site.MITRAL: (0.77, 0.80),
    Site.LUNG_FRONT_RIGHT_UPPER: (0.14, 0.19),
    Site.LUNG_FRONT_LEFT_UPPER: (0.86, 0.19),
    Site.LUNG_FRONT_RIGHT_LOWER: (0.23, 0.72),
    Site.LUNG_FRONT_LEFT_LOWER: (0.86, 0.50),
    Site.LUNG_BACK_LEFT_UPPER: (0.34, 0.17),
    Site.LUNG_BACK_RIGHT_UPPER: (0.66, 0.17),
    Site.LUNG_BACK_LEFT_MIDDLE: (0.30, 0.50),
    Site.LUNG_BACK_RIGHT_MIDDLE: (0.70, 0.50),
    Site.LUNG_BACK_LEFT_LOWER: (0.28, 0.83),
    Site.LUNG_BACK_RIGHT_LOWER: (0.72, 0.83),
}
STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
WIDEST = 1.45  # times as wide as high
ASIDE = 2.0  # how much farther what lies aside of the direction counts


class BodyMap(QWidget):
    chosen = Signal(object)  # a Site

    def __init__(self, identifier: str, name: str, look: theme.Look) -> None:
        super().__init__()
        identify(self, identifier, name)
        self._name = identifier
        self._side = theme.site_side(look)
        self._aspect = Aspect.FRONT
        self._buttons: dict[Site, QPushButton] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """No more than it needs: it grows into what is left."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(230, 154)

    def show_sites(self, aspect: Aspect, sites: Sequence[SiteShown]) -> None:
        if aspect is not self._aspect:
            self._aspect = aspect
            self.update()
        here = {shown.site for shown in sites}
        for site, button in self._buttons.items():
            show_when(button, site in here)
        for shown in sites:
            button = self._button(shown.site)
            button.setText(shown.short)
            button.setEnabled(shown.can_choose)
            call(button, shown.spoken)
            for name in ("is_chosen", "is_live", "is_recorded"):
                mark(button, name.removeprefix("is_"), getattr(shown, name))
        self._give_tab_stop(sites)

    def _button(self, site: Site) -> QPushButton:
        if site not in self._buttons:
            button = QPushButton(self)
            identify(button, f"{self._name}.{site}")
            mark(button, "kind", "site")
            button.setAutoDefault(False)
            button.setFixedSize(self._side, self._side)
            button.clicked.connect(lambda _=False, site=site: self.chosen.emit(site))
            button.installEventFilter(self)
            self._buttons[site] = button
            self._place(site)
            button.setVisible(True)
        return self._buttons[site]

    def _give_tab_stop(self, sites: Sequence[SiteShown]) -> None:
        """One that can be chosen: a key does not reach the others."""
        buttons = {shown.site: self._buttons[shown.site] for shown in sites if shown.can_choose}
        focused = [site for site, button in buttons.items() if button.hasFocus()]
        chosen = [shown.site for shown in sites if shown.is_chosen and shown.can_choose]
        stop = next(iter(focused or chosen or buttons), None)
        for site, button in self._buttons.items():
            is_stop = site is stop
            policy = Qt.FocusPolicy.StrongFocus if is_stop else Qt.FocusPolicy.ClickFocus
            if button.focusPolicy() != policy:
                button.setFocusPolicy(policy)

    # --- keys ----------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = STEPS.get(Qt.Key(event.key()))
            if step is not None:
                self._go(watched, *step)
                return True
        return super().eventFilter(watched, event)

    def _go(self, watched: QObject, right: int, down: int) -> None:
        here = next(site for site, button in self._buttons.items() if button is watched)
        shown = [site for site, button in self._buttons.items() if not button.isHidden()]
        best = min(
            (site for site in shown if site is not here and self._buttons[site].isEnabled()),
            key=lambda site: _distance(here, site, right, down),
            default=here,
        )
        if _distance(here, best, right, down) == float("inf"):
            return
        for site, button in self._buttons.items():
            is_best = site is best
            policy = Qt.FocusPolicy.StrongFocus if is_best else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(policy)
        self._buttons[best].setFocus(Qt.FocusReason.TabFocusReason)

    # --- drawing -------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        for site in self._buttons:
            self._place(site)

    def _place(self, site: Site) -> None:
        frame, (x, y) = self._frame(), PLACES[site]
        side = self._side
        self._buttons[site].move(
            round(frame.left() + x * frame.width() - side / 2),
            round(frame.top() + y * frame.height() - side / 2),
        )

    def _frame(self) -> QRectF:
        """As large as the drawing goes without looking stretched."""
        width = min(self.width(), self.height() * WIDEST)
        return QRectF((self.width() - width) / 2, 0, width, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._frame()
        painter.translate(frame.topLeft())
        painter.scale(frame.width() / 100, frame.height() / 100)
        pen = QPen(QColor(theme.EDGE))
        pen.setCosmetic(True)
        pen.setWidthF(1.5)
        painter.setPen(pen)
        painter.setBrush(QColor(theme.PAPER))
        painter.drawPath(_torso())
        pen.setColor(QColor(theme.LINE))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(_chest() if self._aspect is Aspect.FRONT else _back())
        painter.end()


def _distance(here: Site, there: Site, right: int, down: int) -> float:
    """In the direction of the key; infinite behind it."""
    (x, y), (to_x, to_y) = PLACES[here], PLACES[there]
    along = (to_x - x) * right + (to_y - y) * down
    aside = abs((to_x - x) * down) + abs((to_y - y) * right)
    return along + ASIDE * aside if along > 0.01 else float("inf")


def _mirrored(path: QPainterPath) -> QPainterPath:
    """The same on the other side of the middle."""
    both = QPainterPath(path)
    turned = QPainterPath()
    for place in range(path.elementCount()):
        element = path.elementAt(place)
        point = QPointF(100 - element.x, element.y)
        if element.isMoveTo():
            turned.moveTo(point)
        elif element.isLineTo():
            turned.lineTo(point)
        elif element.isCurveTo():
            last, end = path.elementAt(place + 1), path.elementAt(place + 2)
            turned.cubicTo(point, QPointF(100 - last.x, last.y), QPointF(100 - end.x, end.y))
    both.addPath(turned)
    return both


def _torso() -> QPainterPath:
    """Neck, shoulders, arms cut off, waist; closed at the hips."""
    path = QPainterPath(QPointF(43, 0))
    path.cubicTo(43, 7, 38, 9, 26, 11)
    path.cubicTo(14, 13, 8, 18, 6, 30)
    path.lineTo(2, 58)
    path.lineTo(11, 60)
    path.cubicTo(12, 50, 15, 42, 17, 38)
    path.cubicTo(19, 52, 20, 62, 21, 70)
    path.cubicTo(22, 80, 20, 90, 18, 100)
    path.lineTo(82, 100)
    path.cubicTo(80, 90, 78, 80, 79, 70)
    path.cubicTo(80, 62, 81, 52, 83, 38)
    path.cubicTo(85, 42, 88, 50, 89, 60)
    path.lineTo(98, 58)
    path.lineTo(94, 30)
    path.cubicTo(92, 18, 86, 13, 74, 11)
    path.cubicTo(62, 9, 57, 7, 57, 0)
    path.closeSubpath()
    return path


def _chest() -> QPainterPath:
    """Collar bones, breast bone, the edge of the ribs."""
    half = QPainterPath(QPointF(47, 13))
    half.cubicTo(40, 11, 32, 13, 24, 15)
    half.moveTo(47, 16)
    half.lineTo(47, 60)
    half.moveTo(48, 61)
    half.cubicTo(42, 66, 34, 76, 25, 80)
    for top in (22, 31, 40, 49):
        half.moveTo(46, top)
        half.cubicTo(38, top - 3, 29, top, 23, top + 7)
    return _mirrored(half)


def _back() -> QPainterPath:
    """Spine, shoulder blades, the edge of the ribs."""
    half = QPainterPath(QPointF(50, 6))
    half.lineTo(50, 96)
    half.moveTo(43, 24)
    half.cubicTo(36, 20, 28, 20, 24, 24)
    half.cubicTo(26, 36, 32, 44, 38, 50)
    half.cubicTo(41, 42, 43, 32, 43, 24)
    half.moveTo(47, 70)
    half.cubicTo(40, 74, 32, 78, 23, 80)
    return _mirrored(half)
