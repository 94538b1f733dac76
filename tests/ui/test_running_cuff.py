"""STOP of a running cuff on the pages that do not show the cuff: seen, pressed, by keyboard too."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton

from tests.ui.given import Pages, settle
from ui import theme
from ui.gallery_vitals import CUFF_MAY_START, CUFF_RUNS
from ui.view_models.running_cuff import RunningCuffScreen
from ui.view_models.window import Page, WindowScreen
from ui.wording import text

TABS = 60


@pytest.fixture(params=[Page.LOCK, Page.UNSENT])
def pages(request: pytest.FixtureRequest, look: theme.Look) -> Pages:
    return Pages(look, request.param)


def test_stop_is_there_exactly_while_a_cuff_runs(pages: Pages) -> None:
    assert not pages.shown("running-cuff.stop")
    pages.show(running_cuff=CUFF_RUNS)
    stop = pages.find("running-cuff.stop", QPushButton)
    assert (stop.text(), stop.property("kind")) == (text("vitals.stop"), "stop")
    assert pages.words("running-cuff.state").endswith(text("vitals.running"))
    pages.show(running_cuff=CUFF_MAY_START)  # between two readings of a series
    assert pages.words("running-cuff.state").endswith(text("vitals.starts-by-itself"))
    pages.press("running-cuff.stop")
    assert pages.wishes("running_cuff") == [("stop", ())]
    pages.show(running_cuff=RunningCuffScreen())
    assert not pages.shown("running-cuff.stop")


def test_stop_is_reached_and_pressed_by_keyboard(pages: Pages) -> None:
    pages.frame.activateWindow()
    pages.show(running_cuff=CUFF_RUNS)
    stop = pages.find("running-cuff.stop", QPushButton)
    for _ in range(TABS):
        focused = QApplication.focusWidget()
        assert focused is not None
        if focused is stop:
            break
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        settle()
    assert stop.hasFocus()
    QTest.keyClick(stop, Qt.Key.Key_Space)
    assert pages.wishes("running_cuff") == [("stop", ())]


def test_it_stands_where_it_stood_when_the_screen_is_locked(look: theme.Look) -> None:
    """Whoever aims at STOP does not press something else because the page changed."""
    pages = Pages(look, Page.UNSENT)
    pages.show(running_cuff=CUFF_RUNS)
    stop = pages.find("running-cuff.stop", QPushButton)
    before = stop.mapTo(pages.frame, stop.rect().center())
    pages.show(window=WindowScreen(Page.LOCK))
    assert stop.isVisible()
    assert stop.mapTo(pages.frame, stop.rect().center()) == before
