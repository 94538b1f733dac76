"""The panel of vital signs: four pages by keyboard, STOP above all, and whose a number is."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QWidget

from app.domain.device import DeviceKind
from tests.ui.given import Pages, settle, type_into
from ui import gallery_screens as made
from ui import gallery_vitals as signs
from ui import theme
from ui.view_models.window import Page
from ui.widgets.vital_tile import VitalTile
from ui.wording import DASH, text

TABS = 80
PAGES = ("now", "series", "news2", "tray")
SHOWN_ON = {
    "now": "readings.list",
    "series": "series.begin",
    "news2": "news2.keep",
    "tray": "tray.list",
}


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    return Pages(look, Page.VISIT)


def turn_to(pages: Pages, page: str) -> None:
    pages.press(f"vitals.tab.{page}")


def reach(pages: Pages, identifier: str) -> QWidget:
    """By Tab alone, from the beginning of the page."""
    pages.frame.activateWindow()
    settle()
    for _ in range(TABS):
        focused = QApplication.focusWidget()
        if focused is not None and focused.accessibleIdentifier() == identifier:
            return focused
        QTest.keyClick(focused or pages.frame, Qt.Key.Key_Tab)
        settle()
    raise AssertionError(f"{identifier} is not reached by Tab")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_reached_by_keyboard_and_says_that_it_is_shown(
    pages: Pages, page: str
) -> None:
    if page == "now":
        turn_to(pages, "series")
    tab = reach(pages, f"vitals.tab.{page}")
    QTest.keyClick(tab, Qt.Key.Key_Space)
    settle()
    assert [one for one in PAGES if pages.shown(SHOWN_ON[one])] == [page]
    assert tab.accessibleName().endswith(", shown")
    others = [pages.name(f"vitals.tab.{one}") for one in PAGES if one != page]
    assert not [name for name in others if name.endswith(", shown")]


@pytest.mark.parametrize("page", PAGES)
def test_stop_stands_in_the_same_place_on_every_page(pages: Pages, page: str) -> None:
    pages.show(vitals=made.VITALS_RUNNING)
    stop = pages.find("cuff.stop", QPushButton)
    before = stop.mapTo(pages.frame, stop.rect().center())
    turn_to(pages, page)
    assert stop.isVisible() and stop.isEnabled()
    assert stop.mapTo(pages.frame, stop.rect().center()) == before
    reach(pages, "cuff.stop")
    QTest.keyClick(stop, Qt.Key.Key_Space)
    assert pages.wishes("vitals") == [("stop", ())]


def test_stop_stands_between_two_readings_of_a_series_too(pages: Pages) -> None:
    pages.show(vitals=signs.VITALS_IN_SERIES, bp_protocol=signs.SERIES_REST)
    assert pages.shown("cuff.stop")
    assert not pages.find("cuff.start", QPushButton).isEnabled()


# --- instruments ---------------------------------------------------------------------------------


def test_the_tiles_of_an_instrument_are_drawn_and_read_out(pages: Pages) -> None:
    pages.show(vitals=signs.VITALS_INSTRUMENTS)
    tile = pages.find("oximeter.tile.1", VitalTile)
    assert (tile.drawn_value.strip("\u2066\u2069"), tile.accessibleName()) == ("97", "SpO2 97 %")
    assert pages.name("oximeter.tile.3") == "Perfusion index 4.57 %"
    pages.show(vitals=signs.VITALS_DECIDE)
    assert tile.drawn_value == DASH
    assert tile.accessibleName() == "SpO2: no present value"
    assert not pages.shown("oximeter.tile.3")  # what is not told any more has no place
    pages.show(vitals=signs.VITALS_INSTRUMENTS)
    assert pages.shown("oximeter.tile.3")


def test_each_button_of_an_instrument_is_its_own_wish(pages: Pages) -> None:
    pages.show(vitals=signs.VITALS_INSTRUMENTS)
    pages.press("thermometer.start")
    pages.press("oximeter.stop")
    pages.show(vitals=signs.VITALS_DECIDE)
    pages.press("thermometer.keep")
    pages.press("thermometer.discard")
    assert pages.wishes("vitals") == [
        ("start_instrument", (DeviceKind.THERMOMETER,)),
        ("stop_instrument", (DeviceKind.OXIMETER,)),
        ("keep_instrument", (DeviceKind.THERMOMETER,)),
        ("discard_instrument", (DeviceKind.THERMOMETER,)),
    ]
    assert pages.name("thermometer.keep") == "Keep the result of Thermometer"


def test_a_refused_weight_can_only_be_discarded(pages: Pages) -> None:
    pages.show(vitals=signs.VITALS_DECIDE)
    assert not pages.find("scale.keep", QPushButton).isEnabled()
    assert pages.find("scale.discard", QPushButton).isEnabled()
    assert pages.name("scale.tile.1").endswith("refused")


def test_start_stop_and_keep_of_an_instrument_never_take_each_others_place(pages: Pages) -> None:
    where: dict[str, list[QRect]] = {}
    idle = signs.THERMOMETER
    running = replace(idle, can_start=False, is_running=True)
    for screen in (idle, running, signs.THERMOMETER_DECIDE):
        pages.show(vitals=replace(signs.VITALS_INSTRUMENTS, instruments=(screen,)))
        for which in ("start", "stop", "keep", "discard"):
            button = pages.find(f"thermometer.{which}", QPushButton)
            if button.isVisible() and button.isEnabled():
                where.setdefault(which, []).append(place_of(pages, button))
    assert set(where) == {"start", "stop", "keep", "discard"}
    for one, places in where.items():
        others = [place for name, found in where.items() if name != one for place in found]
        assert not [other for other in others for place in places if place.intersects(other)]


def test_the_far_side_has_values_and_no_buttons(pages: Pages) -> None:
    pages.show(vitals=signs.VITALS_FAR_INSTRUMENTS)
    assert pages.shown("oximeter.tile.2")
    assert not any(pages.shown(f"oximeter.{end}") for end in ("start", "stop", "keep", "discard"))


def test_a_reading_says_how_it_came_to_be_this_patients(pages: Pages) -> None:
    pages.show(vitals=signs.VITALS_INSTRUMENTS)
    rows = pages.frame.findChildren(QWidget)
    shown = " ".join(row.text() for row in rows if hasattr(row, "text") and callable(row.text))
    assert "assigned by hand" in shown
    assert "irregular pulse" in shown


# --- the tray ------------------------------------------------------------------------------------


def rows_of(pages: Pages, identifier: str) -> list[QPushButton]:
    return [
        button
        for button in pages.frame.findChildren(QPushButton)
        if button.accessibleIdentifier() == identifier and button.isVisible()
    ]


def place_of(pages: Pages, widget: QWidget) -> QRect:
    return QRect(widget.mapTo(pages.frame, QPoint(0, 0)), widget.size())


def test_what_waits_in_the_tray_is_counted_on_every_page(pages: Pages) -> None:
    assert pages.find("vitals.tab.tray", QPushButton).text() == text("vitals.tab.tray")
    pages.show(tray=signs.TRAY)
    tab = pages.find("vitals.tab.tray", QPushButton)
    assert "3" in tab.text()
    assert tab.accessibleName() == "Tray, 3 unassigned"


def test_assigning_is_asked_first_naming_patient_value_and_the_devices_time(pages: Pages) -> None:
    pages.show(tray=signs.TRAY)
    turn_to(pages, "tray")
    first = rows_of(pages, "tray.assign")[0]
    first.click()
    settle()
    assert pages.wishes("tray") == []
    [question] = [
        widget.accessibleName()
        for widget in pages.frame.findChildren(QWidget)
        if widget.accessibleIdentifier() == "tray.assign-question" and widget.isVisible()
    ]
    for words in ("DOE, Jane (Mrs)", "131/79 mmHg", "by its own clock 20-Nov-2026 09:12"):
        assert words in question
    focused = pages.frame.focusWidget()
    assert focused is not None and focused.accessibleIdentifier() == "tray.assign-cancel"
    [confirm] = rows_of(pages, "tray.assign-confirm")
    assert not place_of(pages, confirm).intersects(place_of(pages, first))
    confirm.click()
    settle()
    assert pages.wishes("tray") == [("assign", (signs.TRAY.rows[0].record,))]


def test_a_question_about_another_patient_is_withdrawn(pages: Pages) -> None:
    pages.show(tray=signs.TRAY)
    turn_to(pages, "tray")
    rows_of(pages, "tray.assign")[0].click()
    settle()
    other = replace(signs.TRAY.rows[0], question="Does this belong to ROE, Ann?")
    pages.show(tray=replace(signs.TRAY, rows=(other, *signs.TRAY.rows[1:])))
    assert rows_of(pages, "tray.assign-confirm") == []


def test_what_nobody_can_have_can_only_be_discarded(pages: Pages) -> None:
    pages.show(tray=signs.TRAY)
    turn_to(pages, "tray")
    assert [button.isEnabled() for button in rows_of(pages, "tray.assign")] == [True, True, False]
    rows_of(pages, "tray.discard")[2].click()
    settle()
    assert pages.wishes("tray") == [("discard", (signs.TRAY.rows[2].record,))]


# --- the series ----------------------------------------------------------------------------------


def test_a_series_is_begun_with_what_was_chosen(pages: Pages) -> None:
    pages.show(bp_protocol=signs.SERIES_IDLE, vitals=made.VITALS_CART)
    turn_to(pages, "series")
    pages.find("series.arm", QComboBox).setCurrentIndex(1)
    pages.find("series.cuff-size", QComboBox).setCurrentIndex(2)
    pages.press("series.begin")
    assert pages.wishes("bp_protocol") == [("begin", (1, 2, 0))]


def test_a_doubt_is_decided_by_one_of_three_words(pages: Pages) -> None:
    pages.show(bp_protocol=signs.SERIES_DECIDE)
    turn_to(pages, "series")
    assert pages.name("series.question") == "Reading 2: irregular pulse"
    for which in ("repeat", "leave-out", "count"):
        pages.press(f"series.{which}")
    assert [name for name, _ in pages.wishes("bp_protocol")] == ["repeat", "leave_out", "count"]
    pages.show(bp_protocol=signs.SERIES_REST)
    assert not pages.shown("series.repeat")
    pages.press("series.hurry")
    assert pages.name("series.clock") == "Rest, first reading in 4:32 min"


def test_an_average_is_kept_discarded_or_one_more_is_taken(pages: Pages) -> None:
    pages.show(bp_protocol=signs.SERIES_DONE)
    turn_to(pages, "series")
    assert pages.name("series.average") == "Average of 2, not kept yet 125/76 mmHg"
    assert "differ by more than 10 mmHg" in pages.name("series.message")
    for which in ("keep", "discard", "once-more"):
        pages.press(f"series.{which}")
    assert [name for name, _ in pages.wishes("bp_protocol")] == ["keep", "discard", "once_more"]


# --- the score -----------------------------------------------------------------------------------


def test_an_observation_is_typed_and_chosen_by_keyboard(pages: Pages) -> None:
    pages.show(news2=signs.NEWS2_NURSE)
    turn_to(pages, "news2")
    assert not pages.shown("news2.scale")
    field = reach(pages, "news2.respiration")
    type_into(field, "18")
    for box in ("news2.oxygen", "news2.consciousness"):
        QTest.keyClick(reach(pages, box), Qt.Key.Key_Down)
    QTest.keyClick(reach(pages, "news2.keep"), Qt.Key.Key_Space)
    assert pages.wishes("news2") == [("keep", ("18", 0, 0, -1))]
    pages.show(news2=replace(signs.NEWS2_NURSE, kept=1))
    assert pages.find("news2.respiration", QLineEdit).text() == ""
    assert pages.find("news2.oxygen", QComboBox).currentIndex() == 0


def test_what_was_not_chosen_is_handed_over_as_nothing(pages: Pages) -> None:
    pages.show(news2=signs.NEWS2_NURSE)
    turn_to(pages, "news2")
    pages.press("news2.keep")
    assert pages.wishes("news2") == [("keep", ("", -1, -1, -1))]


def test_a_clinician_sees_which_scale_counts_and_may_choose(pages: Pages) -> None:
    pages.show(news2=replace(signs.NEWS2_SCORE, scale=2))
    turn_to(pages, "news2")
    assert pages.find("news2.scale", QComboBox).currentIndex() == 0  # chosen anew, not moved
    pages.show(news2=replace(signs.NEWS2_SCORE, scale=2, kept=1))
    assert pages.find("news2.scale", QComboBox).currentIndex() == 1


def test_a_score_or_why_there_is_none_never_both(pages: Pages) -> None:
    pages.show(news2=signs.NEWS2_SCORE)
    turn_to(pages, "news2")
    assert pages.name("news2.score") == "NEWS2 6"
    assert pages.name("news2.risk") == "urgent review"
    assert not pages.shown("news2.incomplete")
    pages.show(news2=signs.NEWS2_INCOMPLETE)
    assert not pages.shown("news2.score") and not pages.shown("news2.risk")
    assert pages.name("news2.incomplete").startswith("No score. Missing: Respiration, Oxygen.")
