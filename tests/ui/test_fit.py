"""Every page of the gallery fits its window: nothing cut, nothing overlapping, nothing small."""

from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QWidget,
)

from tests.ui.given import settle
from ui import theme
from ui.gallery import SHOTS, Hall
from ui.widgets.sound_paper import SoundPaper
from ui.widgets.sound_timeline import SoundTimeline
from ui.widgets.still_canvas import StillCanvas
from ui.widgets.sweep_canvas import SweepCanvas
from ui.widgets.video_surface import VideoSurface
from ui.widgets.vital_tile import VitalTile

SIZES = {"desk": ((1280, 800), 1.0), "small": ((1024, 768), 1.0), "large type": ((1280, 800), 1.3)}
PAINTED = (
    StillCanvas,
    VideoSurface,
    VitalTile,
    SweepCanvas,
    SoundPaper,
    SoundTimeline,
)  # labels by descent, with words of their own
CONTROLS = (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit)
SLACK = 1
MARKS_OF_DIRECTION = set("\u2066\u2067\u2068\u2069\u00a0\u2060")
FOR_A_FINGER, FOR_A_MOUSE = 48, 24


def visible(page: QWidget, kind: type[QWidget]) -> list[QWidget]:
    return [widget for widget in page.findChildren(kind) if widget.isVisible()]


def cut_labels(page: QWidget) -> list[str]:
    found = []
    for label in visible(page, QLabel):
        assert isinstance(label, QLabel)
        if isinstance(label, PAINTED) or not label.text():
            continue
        if label.wordWrap():
            is_cut = label.heightForWidth(label.width()) > label.height() + SLACK
        else:
            is_cut = label.sizeHint().width() > label.width() + SLACK
        if is_cut:
            found.append(f"{label.objectName()}: {label.text()}")
    return found


def cut_buttons(page: QWidget) -> list[str]:
    found = []
    for button in visible(page, QPushButton):
        assert isinstance(button, QPushButton)
        needed = button.fontMetrics().horizontalAdvance(button.text())
        if not button.icon().isNull():
            needed += button.iconSize().width() + 4
        if button.text() and needed > button.width() - 2 * theme.RING:
            found.append(f"{button.objectName()}: {button.text()}")
    return found


def small_targets(page: QWidget, least: int) -> list[str]:
    return [
        f"{control.objectName()} {control.width()} x {control.height()}"
        for kind in CONTROLS
        for control in visible(page, kind)
        if control.isEnabled() and min(control.width(), control.height()) < least
    ]


def place_of(widget: QWidget, page: QWidget) -> QRect:
    return QRect(widget.mapTo(page, QPoint(0, 0)), widget.size())


def is_in_list(widget: QWidget) -> bool:
    """Rows scroll: what is below the edge of the list is reached, not lost."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            return True
        above = above.parentWidget()
    return False


def outside(page: QWidget) -> list[str]:
    return [
        f"{widget.objectName()} {place_of(widget, page)}"
        for kind in (*CONTROLS, QLabel)
        for widget in visible(page, kind)
        if not is_in_list(widget) and not page.rect().contains(place_of(widget, page))
    ]


def overlapping(page: QWidget) -> list[str]:
    """Controls and labels that share a parent stand beside each other."""
    found = []
    parts = [
        widget
        for kind in (*CONTROLS, QLabel)
        for widget in visible(page, kind)
        if not isinstance(widget, VideoSurface)
    ]
    for place, one in enumerate(parts):
        for other in parts[place + 1 :]:
            if one.parentWidget() is other.parentWidget() and one.geometry().intersects(
                other.geometry()
            ):
                found.append(f"{one.objectName()} and {other.objectName()}")
    return found


def nameless(page: QWidget) -> list[str]:
    found = [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in visible(page, QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isEnabled()
        and not (widget.accessibleName() and widget.accessibleIdentifier())
        and not isinstance(widget.parentWidget(), QComboBox)
    ]
    painted = [widget for kind in PAINTED for widget in visible(page, kind)]
    return found + [type(widget).__name__ for widget in painted if not widget.accessibleName()]


@dataclass
class Walk:
    """What was found wrong on the way along the pages of one hall, each hung once."""

    misfits: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    def looks_at(self, name: str, page: QWidget, size: tuple[int, int], least: int) -> None:
        if (page.width(), page.height()) != size:
            self.misfits.append(f"{name}: the page grew to {page.width()} x {page.height()}")
        for fault, found in (
            ("cut", cut_labels(page) + cut_buttons(page)),
            ("outside", outside(page)),
            ("overlapping", overlapping(page)),
            ("small", small_targets(page, least)),
        ):
            self.misfits += [f"{name}: {fault}: {one}" for one in found]
        self.unnamed += [f"{name}: {one}" for one in nameless(page)]
        for widget in visible(page, QWidget):
            if set(widget.accessibleName()) & MARKS_OF_DIRECTION:
                self.unnamed.append(f"{name}: {widget.accessibleName()!r}")


@pytest.fixture(scope="module", params=[(name, cart) for name in SIZES for cart in (False, True)])
def walk(request: pytest.FixtureRequest) -> Walk:
    application = request.getfixturevalue("application")
    name, is_cart = request.param
    size, scale = SIZES[name]
    hall, found = Hall(application, theme.Look(scale, is_touch=is_cart), size), Walk()
    shots = {name: shot for name, shot in SHOTS.items() if shot.is_cart == is_cart}
    assert shots
    for shot_name, shot in shots.items():
        page = hall.hang(shot)
        settle()
        found.looks_at(shot_name, page, size, FOR_A_FINGER if is_cart else FOR_A_MOUSE)
    hall.close()
    return found


def test_every_page_fits(walk: Walk) -> None:
    assert not walk.misfits, "\n".join(walk.misfits)


def test_everything_with_a_keyboard_stop_is_named_in_plain_words(walk: Walk) -> None:
    assert not walk.unnamed, "\n".join(walk.unnamed)
