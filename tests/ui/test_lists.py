"""Today's list, the cart's home, what is unsent: rows that mean the patient they name."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from app.domain.device import DeviceKind
from tests.ui.given import Pages
from ui import gallery_screens as made
from ui import theme
from ui.view_models.window import Page
from ui.wording import spoken, text


def test_a_row_says_time_patient_birth_number_state_and_reason(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    name = pages.name("today.visit.1297287652")
    for part in (
        "13:30",
        "DOE, Jane (Mrs)",
        "Born 14-Jul-1945 (81y)",
        "Record number 129 728 7652",
        "Interrupted since 14:03",
        "Breathless on the stairs for two weeks",
    ):
        assert part in name


def test_rows_stand_in_the_order_that_the_model_gives(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    rows = [pages.find(f"today.visit.{row.record_key}", QPushButton) for row in made.ROWS]
    tops = [row.y() for row in rows]
    assert tops == sorted(tops)


def test_pressing_a_row_opens_that_visit(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    pages.press("today.visit.1297287660")
    assert pages.wishes("worklist") == [("open_visit", (made.VISITS[1],))]


def test_a_row_that_moves_under_the_finger_still_opens_its_own_patient(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    row = pages.find("today.visit.1297287660", QPushButton)
    QTest.mousePress(row, Qt.MouseButton.LeftButton)
    pages.show(worklist=replace(made.TODAY, rows=tuple(reversed(made.ROWS))))
    QTest.mouseRelease(row, Qt.MouseButton.LeftButton)
    assert pages.wishes("worklist") in ([], [("open_visit", (made.VISITS[1],))])
    assert row.accessibleIdentifier() == "today.visit.1297287660"


def test_the_list_says_since_when_it_is_old(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    assert not pages.shown("today.message")
    pages.show(worklist=made.TODAY_OFFLINE)
    assert "not reachable since 14:03" in pages.name("today.message")
    pages.show(worklist=made.TODAY_EMPTY)
    assert pages.name("today.message") == text("today.empty")
    assert not pages.shown("today.visit.1297287652")


@pytest.mark.parametrize("kind", [device.kind for device in made.BROKEN])
def test_each_instrument_says_whether_it_is_there_and_since_when(
    look: theme.Look, kind: DeviceKind
) -> None:
    pages = Pages(look, Page.CART_HOME)
    pages.show(cart_home=made.CART_BROKEN)
    name = pages.name(f"device.{kind}")
    device = next(device for device in made.BROKEN if device.kind is kind)
    assert device.name in name
    assert spoken(device.state) in name
    assert device.reason in name


def test_a_visit_starts_only_for_a_patient_whom_the_button_names(look: theme.Look) -> None:
    pages = Pages(look, Page.CART_HOME)
    start = pages.find("cart.start-visit", QPushButton)
    assert not start.isEnabled()
    assert text("cart.start-choose") in start.accessibleName()
    pages.press("today.visit.1297287652")
    assert pages.wishes("cart_home") == [("choose", (made.VISITS[0],))]
    pages.show(cart_home=made.CART_CHOSEN)
    assert "DOE, Jane (Mrs), born 14-Jul-1945" in start.accessibleName()
    assert pages.name("today.visit.1297287652").endswith(text("cart.chosen"))
    assert not pages.name("today.visit.1297287660").endswith(text("cart.chosen"))
    pages.press("cart.start-visit")
    assert pages.wishes("cart_home")[-1] == ("start_visit", ())


def test_testing_and_help_say_what_came_of_it(look: theme.Look) -> None:
    pages = Pages(look, Page.CART_HOME)
    pages.press("cart.test-devices")
    pages.press("cart.call-help")
    assert pages.wishes("cart_home") == [("test_devices", ()), ("call_help", ())]
    pages.show(cart_home=replace(made.CART, is_testing=True))
    assert not pages.find("cart.test-devices", QPushButton).isEnabled()
    pages.show(cart_home=made.CART_BROKEN)
    assert "Missing at 14:03: Blood pressure cuff" in pages.name("cart.test-devices")
    assert "Cart 2, Ward North" in pages.name("cart.call-help")


def row_buttons(pages: Pages, place: int) -> dict[str, QPushButton]:
    row = next(
        widget
        for widget in pages.frame.findChildren(QWidget)
        if widget.accessibleIdentifier() == f"unsent.row.{place}"
    )
    return {
        button.accessibleIdentifier(): button
        for button in row.findChildren(QPushButton)
        if button.isVisible()
    }


def test_both_texts_of_a_conflict_are_shown_with_the_reason(look: theme.Look) -> None:
    pages = Pages(look, Page.UNSENT)
    shown = [label.text() for label in pages.frame.findChildren(QLabel) if label.isVisible()]
    first = made.UNSENT.rows[0]
    assert first.mine in shown
    assert first.theirs in shown
    assert any(first.reason in words for words in shown)
    assert first.reason in pages.name("unsent.row.1")


def test_write_anew_is_for_the_row_it_stands_in(look: theme.Look) -> None:
    pages = Pages(look, Page.UNSENT)
    row_buttons(pages, 1)["unsent.write-anew"].click()
    assert pages.wishes("unsent") == [("write_anew", (made.UNSENT.rows[0].change,))]
    assert not row_buttons(pages, 3)


def test_what_everybody_sees_as_a_conflict_is_decided_elsewhere(look: theme.Look) -> None:
    pages = Pages(look, Page.UNSENT)
    first = replace(made.UNSENT.rows[0], can_write_anew=False, can_give_up=False, can_decide=True)
    pages.show(unsent=replace(made.UNSENT, rows=(first,)))
    assert set(row_buttons(pages, 1)) == {"unsent.decide"}
    row_buttons(pages, 1)["unsent.decide"].click()
    assert pages.wishes("unsent") == [("decide", ())]


def test_giving_up_is_asked_first(look: theme.Look) -> None:
    pages = Pages(look, Page.UNSENT)
    row_buttons(pages, 2)["unsent.give-up"].click()
    assert not pages.wishes("unsent")
    row_buttons(pages, 2)["unsent.give-up-cancel"].click()
    assert not pages.wishes("unsent")
    row_buttons(pages, 2)["unsent.give-up"].click()
    row_buttons(pages, 2)["unsent.give-up-confirm"].click()
    assert pages.wishes("unsent") == [("give_up", (made.UNSENT.rows[1].change,))]


def test_nothing_unsent_is_said_and_back_goes_back(look: theme.Look) -> None:
    pages = Pages(look, Page.UNSENT)
    pages.show(unsent=made.UNSENT_NONE)
    shown = [label.text() for label in pages.frame.findChildren(QLabel) if label.isVisible()]
    assert text("unsent.none") in shown
    pages.press("unsent.back")
    assert pages.wishes("unsent") == [("back", ())]
