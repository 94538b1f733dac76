"""The page of body sounds by hand, by key and by ear: body, curves, timeline, marks, kept ones."""

import time
from array import array
from dataclasses import replace

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.domain.body_sites import Aspect, Site, aspect_of
from app.domain.curve import CurveKind, Strip
from tests.ui.given import Pages, settle
from ui import gallery_sounds as made
from ui import theme
from ui.gallery_sounds import heart_strips
from ui.shown import MarkShown, SiteShown, TimelineShown
from ui.view_models.scope import ScopeScreen
from ui.view_models.window import Page
from ui.widgets.body_map import PLACES, BodyMap
from ui.widgets.curve_feed import CurveFeed
from ui.widgets.dress import clothe
from ui.widgets.phonocardiogram import Phonocardiogram
from ui.widgets.sound_timeline import SoundTimeline
from ui.widgets.spectrogram import Spectrogram
from ui.widgets.sweep_canvas import SPEEDS_MM_S

WIDTH, HEIGHT = 600, 120


# --- the body -------------------------------------------------------------------------------------


def body(look: theme.Look, aspect: Aspect) -> BodyMap:
    made = BodyMap("body.map", "Body", look)
    clothe(made, look)
    made.resize(300, 220)
    sites = [site for site in Site if aspect_of(site) is aspect]
    made.show_sites(
        aspect, [SiteShown(site, site[:2], str(site), can_choose=True) for site in sites]
    )
    made.show()
    settle()
    return made


@pytest.mark.parametrize("aspect", Aspect)
def test_every_place_is_reached_by_the_arrow_keys(look: theme.Look, aspect: Aspect) -> None:
    shown = body(look, aspect)
    buttons = [button for button in shown.findChildren(QPushButton) if not button.isHidden()]
    [stop] = [one for one in buttons if one.focusPolicy() is Qt.FocusPolicy.StrongFocus]
    reached, ways = {stop}, [stop]
    while ways:
        here = ways.pop()
        for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
            here.setFocus()
            QTest.keyClick(here, key)
            there = QApplication.focusWidget()
            assert isinstance(there, QPushButton)
            if there not in reached:
                reached.add(there)
                ways.append(there)
    assert reached == set(buttons)
    assert len(buttons) == sum(aspect_of(site) is aspect for site in PLACES)


def test_space_chooses_and_no_two_places_touch(look: theme.Look) -> None:
    shown = body(look, Aspect.FRONT)
    chosen: list[Site] = []
    shown.chosen.connect(chosen.append)
    button = shown.findChildren(QPushButton)[0]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(chosen) == 1
    places = [one.geometry() for one in shown.findChildren(QPushButton)]
    for place, one in enumerate(places):
        assert not any(one.intersects(other) for other in places[place + 1 :])


def test_places_that_cannot_be_chosen_are_passed_over_by_key(look: theme.Look) -> None:
    """As the far clinician has it: only where something was recorded."""
    shown, free = body(look, Aspect.FRONT), {Site.TRICUSPID, Site.LUNG_FRONT_RIGHT_UPPER}
    sites = [site for site in Site if aspect_of(site) is Aspect.FRONT]
    shown.show_sites(
        Aspect.FRONT, [SiteShown(site, site[:2], site, can_choose=site in free) for site in sites]
    )
    ours = {one.accessibleIdentifier(): one for one in shown.findChildren(QPushButton)}
    [stop] = [one for one in ours.values() if one.focusPolicy() is Qt.FocusPolicy.StrongFocus]
    assert stop.isEnabled()
    reached, at = set[str](), stop
    at.setFocus()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Down) * 2:
        QTest.keyClick(at, key)
        focused = QApplication.focusWidget()
        assert isinstance(focused, QPushButton)
        at = focused
        reached.add(at.accessibleIdentifier())
    assert reached == {f"body.map.{site}" for site in free}


# --- curves ---------------------------------------------------------------------------------------


def loud(number: int, height: int = 16_000) -> Strip:
    data = array("h", (-height, height) * 8).tobytes()
    return Strip(1, CurveKind.SOUND, number / 30, 1 / 30, data)


class Watched(Phonocardiogram):
    """Remembers what it was asked to paint."""

    def __init__(self) -> None:
        super().__init__("scope.curve", "Heart sound curve", CurveFeed())
        self.asked: list[QRect] = []

    def paintEvent(self, event: QPaintEvent) -> None:
        self.asked.append(event.rect())
        super().paintEvent(event)


def curve() -> Watched:
    made = Watched()
    made.resize(WIDTH, HEIGHT)
    made.show()
    made.set_live(True)
    settle()
    made.asked.clear()
    return made


def test_the_curve_paints_only_what_is_new(look: theme.Look) -> None:
    shown = curve()
    shown.add([loud(0)])
    settle()
    shown.asked.clear()
    shown.add([loud(1)])
    settle()
    assert sum(rect.width() * rect.height() for rect in shown.asked) < WIDTH * HEIGHT / 10


@pytest.mark.parametrize("speed", SPEEDS_MM_S)
def test_it_sweeps_as_fast_as_its_paper(look: theme.Look, speed: int) -> None:
    shown = curve()
    shown.set_speed(speed)
    shown.add([loud(number) for number in range(30)])
    image = shown.grab().toImage()
    drawn = [x for x in range(WIDTH) if image.pixelColor(x, HEIGHT // 2 - 5) == QColor(theme.CURVE)]
    assert abs(max(drawn) - speed * 4) <= 4  # four pixels a millimetre, a second


def test_a_hole_is_seen_and_the_sweep_goes_round(look: theme.Look) -> None:
    shown = curve()
    shown.add([loud(0), Strip(1, CurveKind.SOUND, 1 / 30, 0.5, b""), loud(16)])
    image = shown.grab().toImage()
    assert image.pixelColor(20, 30) == QColor(theme.CURVE_HOLE)
    for number in range(17, 240):
        shown.add([loud(number)])
    assert shown.grab().toImage().pixelColor(20, HEIGHT // 2) == QColor(theme.CURVE)


def test_too_loud_for_its_height_it_is_drawn_lower_and_says_so(look: theme.Look) -> None:
    shown = curve()
    first = shown.gain
    shown.add([loud(number, 32_000) for number in range(3)])
    assert shown.gain == 1 < first
    shown.add([loud(number, 400) for number in range(3, 260)])
    assert shown.gain > 8


def test_what_stands_still_is_said(look: theme.Look) -> None:
    shown = curve()
    shown.add([loud(number) for number in range(30)])
    assert "48 %" in shown.accessibleName()
    shown.set_live(False)
    assert shown.accessibleName() == "Heart sound curve, nothing arriving"


def test_a_frame_of_both_is_drawn_in_a_millisecond(look: theme.Look) -> None:
    """The figure is the benchmark's; here it must not be another order of it."""
    feed = CurveFeed()
    sweeps = [Phonocardiogram("a", "a", feed), Spectrogram("b", "b", feed)]
    for sweep in sweeps:
        sweep.resize(1200, 260)
        sweep.show()
        sweep.set_live(True)
    settle()
    strips, times = heart_strips(6), []
    for number in range(150):
        began = time.thread_time()
        for sweep in sweeps:
            sweep.add(strips[2 * number : 2 * number + 2])
        QApplication.processEvents()
        times.append(time.thread_time() - began)
    assert sorted(times)[len(times) // 2] < 0.004


# --- the timeline ---------------------------------------------------------------------------------


def timeline() -> SoundTimeline:
    made = SoundTimeline("live.timeline", "Whole recording")
    made.resize(400, 46)
    made.show_timeline(
        TimelineShown(
            20.0, bytes([120] * 80), ((4.0, 6.0),), (10.0,), (MarkShown(2.0, 2.0, "S1"),), "gap"
        )
    )
    made.show()
    made.setFocus()
    settle()
    return made


def test_its_cursor_goes_by_key_and_a_stretch_is_chosen(look: theme.Look) -> None:
    shown = timeline()
    chosen: list[tuple[float, float]] = []
    shown.chose.connect(lambda first, last: chosen.append((first, last)))
    QTest.keyClick(shown, Qt.Key.Key_End)
    assert shown.cursor_s == 20.0
    QTest.keyClick(shown, Qt.Key.Key_Home)
    QTest.keyClick(shown, Qt.Key.Key_Right)
    QTest.keyClick(shown, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert shown.cursor_s == 5.5
    for _ in range(2):
        QTest.keyClick(shown, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert chosen[-1] == (5.5, 6.5)
    assert "6.5" in shown.accessibleName()
    assert "gap" in shown.accessibleName()


def test_late_sound_gaps_and_marks_are_drawn(look: theme.Look) -> None:
    image = timeline().grab().toImage()
    colours = {
        image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
    }
    for wanted in (theme.ATTENTION_ON_DARK, theme.BAD_ON_DARK, theme.CURVE_LABEL):
        assert QColor(wanted).name() in colours


# --- the page -------------------------------------------------------------------------------------


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    return Pages(look, Page.VISIT)


def test_it_has_the_place_of_values_and_words_and_escape_gives_it_back(pages: Pages) -> None:
    assert pages.shown("notes.text") or pages.shown("message.text")
    pages.show(scope=made.FAR)
    assert not pages.shown("message.text")
    assert pages.shown("live.curve")
    focused = QApplication.focusWidget()
    assert focused is None or focused.accessibleIdentifier() == "sounds.now"
    QTest.keyClick(pages.find("sounds.now", QPushButton), Qt.Key.Key_Escape)
    assert ("close", ()) in pages.wishes("scope")


def test_stills_and_sounds_never_stand_beside_each_other(pages: Pages) -> None:
    from ui import gallery_exam

    pages.show(scope=made.FAR)
    shot = next(
        one.screens["still_pictures"]
        for one in gallery_exam.SHOTS.values()
        if getattr(one.screens.get("still_pictures"), "is_open", False)
    )
    pages.show(still_pictures=shot)
    assert ("close", ()) in pages.wishes("scope")
    assert not pages.shown("live.curve")


def test_only_the_cart_has_start_and_stop(pages: Pages) -> None:
    pages.show(scope=made.FAR)
    assert not pages.shown("live.start")
    pages.show(scope=made.CART)
    pages.press("live.start")
    assert ("start", ()) in pages.wishes("scope")
    pages.show(scope=made.CART_RUNNING)
    pages.press("live.stop")
    assert ("stop", ()) in pages.wishes("scope")


def test_every_control_of_it_has_a_name(pages: Pages) -> None:
    for screen in (made.FAR, made.CART_RUNNING, made.FAR_KEPT, made.FAR_BESIDE):
        pages.show(scope=screen)
        ours = [
            widget
            for widget in pages.frame.findChildren(QWidget)
            if widget.accessibleIdentifier().startswith(("live.", "sounds.", "body.", "kept"))
        ]
        assert len(ours) > 10
        for widget in ours:
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                words = widget.text() if isinstance(widget, QPushButton) else ""
                assert widget.accessibleName() or words, widget.accessibleIdentifier()


TAB_MOST = 150
TALKS = ("live.", "sounds.", "kept", "outside.")
DESKS = {
    "far": made.FAR,
    "far, kept": made.FAR_KEPT,
    "far, beside": made.FAR_BESIDE,
    "cart": made.CART,
    "cart, running": made.CART_RUNNING,
    "cart, beside": made.CART_BESIDE,
}


@pytest.mark.parametrize("desk", DESKS)
def test_every_control_of_it_is_reached_by_tab(pages: Pages, desk: str) -> None:
    pages.show(scope=DESKS[desk])
    wanted = {
        widget.accessibleIdentifier()
        for widget in pages.frame.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QComboBox | QLineEdit | SoundTimeline)
        and widget.accessibleIdentifier().startswith(TALKS)
        and widget.isVisible()
        and widget.isEnabled()
    }
    assert len(wanted) >= 5
    reached, here = set[str](), pages.find("sounds.now", QPushButton)
    here.setFocus()
    at: QWidget = here
    for _ in range(TAB_MOST):
        reached.add(at.accessibleIdentifier())
        QTest.keyClick(at, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        at = focused
    assert wanted <= reached
    assert any(one.startswith("body.") for one in reached) != DESKS[desk].shows_kept


@pytest.mark.parametrize("screen", [made.FAR_NONE, made.CART])
def test_it_is_opened_by_key_at_both_ends(pages: Pages, screen: ScopeScreen) -> None:
    pages.show(scope=replace(screen, is_open=False))
    at: QWidget = pages.frame
    for _ in range(TAB_MOST):
        QTest.keyClick(at, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused is not None
        at = focused
        if at.accessibleIdentifier() == "scope.open":
            break
    QTest.keyClick(at, Qt.Key.Key_Space)
    assert ("open", ()) in pages.wishes("scope")


def test_curves_are_drawn_only_while_they_are_seen(pages: Pages) -> None:
    pages.show(scope=made.FAR)
    pages.draw_curves(heart_strips(2))
    shown = pages.find("live.curve", Phonocardiogram)
    assert not shown.is_empty
    hidden = pages.find("scope.curve", Phonocardiogram)
    assert hidden.is_empty
