"""The exam camera beside the call: freeze, the lease and its question, moves and sliders."""

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QPushButton, QSlider, QWidget

from app.domain.camera_moves import Move
from app.domain.exam_camera import Control, Focus
from app.domain.failures import Code
from tests.ui.given import Pages, picture, settle, type_into
from ui import gallery_exam as made
from ui import gallery_screens as screens
from ui import theme
from ui.view_models.exam_camera import ExamScreen, LeaseScreen
from ui.view_models.window import Page, WindowScreen
from ui.views.exam_camera import PLACES
from ui.widgets.video_surface import FROZEN_AFTER_S, VideoSurface
from ui.wording import failure, text


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    return Pages(look, Page.VISIT, (1366, 900))


def show(pages: Pages, screen: ExamScreen) -> None:
    pages.show(exam=screen)


def key(pages: Pages, which: Qt.Key) -> None:
    pages.frame.activateWindow()
    QTest.keyClick(pages.frame.focusWidget() or pages.frame, which)
    settle()


def exam_picture(pages: Pages) -> float:
    """One stands on the screen; when it was taken."""
    taken_at = time.monotonic()
    pages.pictures["exam"] = picture(1, taken_at)
    pages.find("visit.exam-picture", QWidget).repaint()
    settle()
    return taken_at


# --- shown or not --------------------------------------------------------------------------------


def test_where_nobody_has_an_exam_camera_nothing_of_one_is_shown(pages: Pages) -> None:
    show(pages, made.EXAM_NONE)
    for identifier in ("exam.freeze", "exam.show", "exam.stills", "exam.controls"):
        assert not pages.shown(identifier)


def test_the_side_with_the_camera_shows_and_hides_it(pages: Pages) -> None:
    show(pages, made.EXAM_OFF)
    pages.press("exam.show")
    show(pages, made.EXAM_CART)
    pages.press("exam.show")
    assert pages.wishes("exam") == [("toggle", ()), ("toggle", ())]
    assert pages.name("exam.show") == text("exam.hide-name")
    show(pages, made.EXAM_FAR)
    assert not pages.shown("exam.show")


def test_which_picture_is_large_is_chosen_by_keyboard(pages: Pages) -> None:
    show(pages, made.EXAM_FAR)
    view = pages.find("exam.view", QComboBox)
    assert view.currentText() == text("exam.view.exam")
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert pages.wishes("exam") == [("look_at", (Focus.BESIDE,)), ("look_at", (Focus.FACE,))]


@pytest.mark.parametrize("focus", list(Focus))
def test_both_pictures_are_seen_whichever_is_large(pages: Pages, focus: Focus) -> None:
    show(pages, replace(made.EXAM_FAR, focus=focus))
    far, exam = (pages.find(name, QWidget) for name in ("visit.far-picture", "visit.exam-picture"))
    for one in (far, exam):
        assert one.isVisible() and min(one.width(), one.height()) >= 80
    areas = {Focus.EXAM: exam.width() > far.width(), Focus.FACE: far.width() > exam.width()}
    assert areas.get(focus, abs(far.width() - exam.width()) < 40)


def is_frozen(surface: VideoSurface) -> bool:
    surface.look()
    return surface.is_frozen


@pytest.mark.parametrize("gone", [made.EXAM_MISSING, made.EXAM_FAR_MISSING])
def test_a_camera_that_is_missing_leaves_no_frozen_picture(pages: Pages, gone: ExamScreen) -> None:
    show(pages, made.EXAM_CART)
    pages.pictures["exam"] = picture(1, time.monotonic() - FROZEN_AFTER_S + 0.5)
    surface = pages.find("visit.exam-picture", VideoSurface)
    surface.repaint()
    QTest.qWait(int(1000 * FROZEN_AFTER_S) - 490)
    assert is_frozen(surface)
    show(pages, gone)
    surface.repaint()
    assert not is_frozen(surface) and not surface.has_picture
    assert text("exam.missing") in pages.name("visit.exam-picture")
    show(pages, made.EXAM_CART)
    exam_picture(pages)
    assert surface.has_picture


# --- freeze --------------------------------------------------------------------------------------


def test_button_and_pedal_freeze_what_is_seen_at_that_moment(pages: Pages) -> None:
    show(pages, made.EXAM_CART)
    pages.press("exam.freeze")
    taken_at = exam_picture(pages)
    pages.pictures["exam"] = picture(2, taken_at + 0.1)  # newer, and not painted yet
    pages.press("exam.freeze")
    key(pages, Qt.Key.Key_F9)
    assert pages.wishes("exam") == [
        ("freeze", (None,)),  # nothing stood on the screen: the newest
        ("freeze", (taken_at,)),
        ("freeze", (taken_at,)),
    ]


def test_the_pedal_works_while_somebody_writes_a_note(pages: Pages) -> None:
    show(pages, made.EXAM_CART)
    notes = pages.find("note.text", QWidget)
    notes.setFocus()
    type_into(notes, "x")
    key(pages, Qt.Key.Key_F9)
    assert [name for name, _ in pages.wishes("exam")] == ["freeze"]


def test_what_cannot_be_frozen_is_not_asked_for(pages: Pages) -> None:
    show(pages, made.EXAM_OFF)
    assert not pages.find("exam.freeze", QPushButton).isEnabled()
    key(pages, Qt.Key.Key_F9)
    assert pages.wishes("exam") == []


def test_the_pedal_reaches_no_page_behind_the_lock(pages: Pages) -> None:

    show(pages, made.EXAM_CART)
    pages.show(window=WindowScreen(Page.LOCK))
    key(pages, Qt.Key.Key_F9)
    assert pages.wishes("exam") == []


def test_what_became_of_it_and_what_is_wrong_is_said(pages: Pages) -> None:
    show(pages, made.EXAM_CART)
    assert text("exam.still.kept") in pages.words("exam.state")
    show(pages, made.EXAM_STUCK)
    said = pages.words("exam.state")
    assert failure(Code.CAMERA_STUCK) in said


# --- the lease -----------------------------------------------------------------------------------


def test_the_question_is_answered_by_keyboard_and_nothing_is_granted_by_haste(
    pages: Pages,
) -> None:
    show(pages, made.EXAM_CART)
    show(pages, made.EXAM_ASKED)
    assert pages.shown("exam.lease-confirm")
    focused = pages.frame.focusWidget()
    assert focused is None or focused.accessibleIdentifier() != "exam.lease-confirm"
    pages.press("exam.lease-confirm")
    assert [name for name, _ in pages.wishes("exam")] == ["answer"]


def test_a_refusal_is_an_answer_too(pages: Pages) -> None:
    show(pages, made.EXAM_ASKED)
    pages.press("exam.lease-cancel")
    assert [name for name, _ in pages.wishes("exam")] == ["answer"]


def test_a_question_that_is_over_asks_no_more_and_answers_nothing(pages: Pages) -> None:
    show(pages, made.EXAM_ASKED)
    show(pages, made.EXAM_CART)
    assert not pages.shown("exam.lease-confirm")
    assert pages.wishes("exam") == []


def test_who_holds_it_stands_on_both_screens(pages: Pages) -> None:
    show(pages, made.EXAM_HELD)
    assert "Lindqvist" in pages.words("exam.lease")
    pages.press("exam.take-back")
    assert not pages.shown("exam.ask") and not pages.shown("exam.give-back")
    show(pages, made.EXAM_FAR_BESIDE)
    assert pages.shown("exam.lease")
    pages.press("exam.give-back")
    show(pages, made.EXAM_FAR)
    pages.press("exam.ask")
    names = [name for name, _ in pages.wishes("exam")]
    assert names == ["take_back", "give_back", "ask"]


# --- moves and controls --------------------------------------------------------------------------


def test_only_what_the_camera_can_do_may_be_pressed(pages: Pages) -> None:
    few = LeaseScreen(moves=(Move.ZOOM_IN, Move.ZOOM_OUT))
    show(pages, replace(made.EXAM_FAR_MOVING, lease=few))
    for move in PLACES:
        button = pages.find(f"exam.move.{move}", QPushButton)
        assert button.isEnabled() == (move in few.moves)
    pages.press("exam.move.zoom-in")
    assert pages.wishes("exam") == [("move", (Move.ZOOM_IN,))]


def test_without_moves_and_controls_that_is_said(pages: Pages) -> None:
    show(pages, replace(made.EXAM_FAR_MOVING, lease=LeaseScreen()))
    assert pages.words("exam.no-moves") == text("exam.no-moves")
    assert not pages.shown("exam.move.zoom-in")
    pages.press("exam.close-controls")
    assert pages.wishes("exam") == [("toggle_moving", ())]


def test_a_slider_sets_by_keyboard_at_once_and_by_mouse_when_it_is_let_go(pages: Pages) -> None:
    show(pages, made.EXAM_CONTROLS)
    slider = pages.find("exam.control.zoom", QSlider)
    assert (slider.minimum(), slider.maximum(), slider.value()) == (100, 500, 160)
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert pages.wishes("exam") == [("set", (Control.ZOOM, 161))]
    pages.wishes("exam").clear()
    slider.setSliderDown(True)
    slider.setSliderPosition(300)
    slider.setSliderPosition(420)
    assert pages.wishes("exam") == []
    show(pages, made.EXAM_CONTROLS)  # what the camera says meanwhile takes it out of nobody's hand
    assert slider.value() == 420
    slider.setSliderDown(False)
    assert pages.wishes("exam") == [("set", (Control.ZOOM, 420))]


def test_what_the_automatic_holds_cannot_be_set_by_hand(pages: Pages) -> None:
    show(pages, made.EXAM_CONTROLS)
    assert not pages.find("exam.control.exposure", QSlider).isEnabled()
    assert pages.find("exam.control.white-balance", QSlider).isEnabled()
    pages.press("exam.control.auto-exposure")
    pages.press("exam.control.auto-white-balance")
    assert pages.wishes("exam") == [
        ("set", (Control.AUTO_EXPOSURE, 0)),
        ("set", (Control.AUTO_WHITE_BALANCE, 1)),
    ]


def test_controls_come_and_go_with_the_camera(pages: Pages) -> None:
    show(pages, made.EXAM_CONTROLS)
    show(pages, replace(made.EXAM_CONTROLS, controls=made.EXAM_CONTROLS.controls[-1:]))
    assert not pages.shown("exam.control.exposure") and pages.shown("exam.control.zoom")
    show(pages, replace(made.EXAM_CONTROLS, controls=()))
    assert not pages.shown("exam.control.zoom")


def test_all_of_it_is_reached_by_tab(pages: Pages) -> None:
    pages.show(call=screens.CALL_CART)
    show(pages, made.EXAM_CONTROLS)
    wanted = {"exam.show", "exam.freeze", "exam.view", "exam.stills", "exam.moving"}
    wanted |= {"exam.take-back", "exam.move.zoom-in", "exam.control.zoom", "exam.close-controls"}
    seen: set[str] = set()
    pages.frame.activateWindow()
    pages.find("exam.show", QWidget).setFocus()
    for _ in range(150):
        focused = pages.frame.focusWidget()
        assert focused is not None
        seen.add(focused.accessibleIdentifier())
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    assert wanted <= seen, wanted - seen
