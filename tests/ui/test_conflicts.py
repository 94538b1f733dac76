"""The page of what is to be decided: both words side by side; each button means its own row."""

import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QPushButton, QWidget

from app.domain.conflicts import Take
from tests.ui.given import Pages
from ui import gallery_conflicts as made
from ui import gallery_screens, theme
from ui.view_models.window import Page
from ui.wording import text

ROWS = made.CONFLICTS.rows


def row_of(pages: Pages, place: int) -> QWidget:
    return next(
        widget
        for widget in pages.frame.findChildren(QWidget)
        if widget.accessibleIdentifier() == f"conflict.row.{place}"
    )


def buttons(pages: Pages, place: int) -> dict[str, QPushButton]:
    return {
        button.accessibleIdentifier(): button
        for button in row_of(pages, place).findChildren(QPushButton)
        if button.isVisible()
    }


def words(pages: Pages, place: int) -> list[str]:
    found = row_of(pages, place).findChildren(QLabel)
    return [label.text() for label in found if label.isVisible()]


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    return Pages(look, Page.CONFLICTS)


def test_both_words_are_shown_with_who_and_where(pages: Pages) -> None:
    shown = words(pages, 1)
    [field] = ROWS[0].fields
    for said in (field.theirs, field.mine, ROWS[0].theirs.who, ROWS[0].mine.who, ROWS[0].patient):
        assert said in shown
    assert any(field.before in said for said in shown)
    assert any("arrived" in said for said in shown)


@pytest.mark.parametrize(
    ("button", "take"),
    [("take-theirs", Take.THEIRS), ("take-mine", Take.MINE), ("take-both", Take.BOTH)],
)
def test_one_or_both_are_taken(pages: Pages, button: str, take: Take) -> None:
    buttons(pages, 1)[f"conflict.{button}"].click()
    assert pages.wishes("conflicts") == [("take", (ROWS[0].change, take))]


def test_what_is_written_anew_is_kept_when_the_person_says_so(pages: Pages) -> None:
    assert "conflict.keep-anew" not in buttons(pages, 1)
    buttons(pages, 1)["conflict.write"].click()
    editor = row_of(pages, 1).findChild(QPlainTextEdit)
    assert isinstance(editor, QPlainTextEdit)
    assert editor.toPlainText() == ROWS[0].writable[0][1]
    editor.setPlainText("Latex, nuts")
    pages.show(conflicts=made.CONFLICTS)  # a new screen takes nothing from who is writing
    assert editor.toPlainText() == "Latex, nuts"
    buttons(pages, 1)["conflict.keep-anew"].click()
    assert pages.wishes("conflicts") == [
        ("write_anew", (ROWS[0].change, {"allergies": "Latex, nuts"}))
    ]


def test_writing_may_be_left_without_a_trace(pages: Pages) -> None:
    buttons(pages, 1)["conflict.write"].click()
    buttons(pages, 1)["conflict.cancel-anew"].click()
    assert "conflict.keep-anew" not in buttons(pages, 1)
    assert not pages.wishes("conflicts")


def test_what_is_decided_says_by_whom_and_can_only_be_undone(pages: Pages) -> None:
    assert ROWS[1].decided in words(pages, 2)
    assert set(buttons(pages, 2)) == {"conflict.undo"}
    buttons(pages, 2)["conflict.undo"].click()
    assert pages.wishes("conflicts") == [("undo", (ROWS[1].change,))]


def test_nothing_to_decide_is_said_and_back_goes_back(pages: Pages) -> None:
    pages.show(conflicts=made.CONFLICTS_NONE)
    shown = [label.text() for label in pages.frame.findChildren(QLabel) if label.isVisible()]
    assert any(text("conflicts.none") in said for said in shown)
    pages.press("conflicts.back")
    assert pages.wishes("conflicts") == [("back", ())]


def test_the_bar_below_leads_there_only_while_there_is_something(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    assert not pages.find("status.conflicts", QPushButton).isVisible()

    pages.show(status=gallery_screens.STATUS_CONFLICTS)
    assert pages.name("status.conflicts") == "2 to decide"
    pages.press("status.conflicts")
    assert pages.wishes("status") == [("open_conflicts", ())]
