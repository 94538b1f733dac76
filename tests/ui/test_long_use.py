"""Hours of painting: no reference of None is lost, and nothing grows with the number of screens."""

import sys
import time
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QWidget

from tests.ui.given import Pages, picture
from ui import gallery_screens as made
from ui import theme
from ui.gallery_sounds import heart_strips
from ui.view_models.window import Page
from ui.wording import isolate

TURNS = 400
# A few come and go with the interpreter's own work; the defect of PySide6 6.12.0 on Python 3.11
# loses one for each void call, thousands here.
LARGEST_LOSS = 50
STRIPS = heart_strips((TURNS + 30) / 30)


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    pages = Pages(look, Page.VISIT)
    pages.show(recordings=made.SCOPE_FAR_LIVE, vitals=made.VITALS_FAR_LIVE)
    return pages


def use(pages: Pages, turn: int) -> None:
    pages.pictures["far"] = picture(turn + 1, time.monotonic())
    pages.frame.visit.call.far.notify()
    pages.draw_curves(STRIPS[2 * turn : 2 * turn + 2])
    live = made.VITALS_FAR_LIVE.live
    assert live is not None
    shown = replace(made.VITALS_FAR_LIVE, live=replace(live, value=isolate(str(turn % 200))))
    pages.show(vitals=shown, messages=replace(made.MESSAGES, sent=turn))


def test_painting_keeps_the_references_of_none_and_makes_no_widgets(pages: Pages) -> None:
    for turn in range(20):
        use(pages, turn)
    widgets = len(pages.frame.findChildren(QWidget))
    before = sys.getrefcount(None)
    for turn in range(20, 20 + TURNS):
        use(pages, turn)
    assert sys.getrefcount(None) - before >= -LARGEST_LOSS
    assert len(pages.frame.findChildren(QWidget)) == widgets
