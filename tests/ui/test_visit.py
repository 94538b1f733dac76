"""One visit: banner, call, cuff, notes, sounds, messages, and what haste must never do."""

from array import array
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QWidget,
)

from app.domain.curve import CurveKind, Strip
from app.domain.failures import Code
from tests.ui.given import Pages, settle, type_into
from ui import gallery_screens as made
from ui import theme
from ui.view_models.call import MeasureScreen
from ui.view_models.window import Page
from ui.widgets.vital_tile import VitalTile
from ui.wording import DASH, failure, text


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    return Pages(look, Page.VISIT)


# --- the patient -------------------------------------------------------------------------------


def test_the_banner_names_the_patient_by_more_than_the_name(pages: Pages) -> None:
    assert pages.words("banner.name") == "DOE, Jane (Mrs)"
    assert pages.name("banner.born") == "Born 14-Jul-1945 (81y)"
    assert pages.name("banner.record-number") == "Record number 129 728 7652"
    assert pages.name("banner.allergies") == "Allergies Penicillin (rash 2011), latex"
    top = pages.find("banner.name", QWidget).mapTo(pages.frame, pages.frame.rect().topLeft()).y()
    assert top < 40


def test_without_a_chart_nothing_of_a_patient_is_left(pages: Pages) -> None:
    pages.show(visit=replace(made.VISIT, banner=None))
    assert not pages.shown("banner.name")


def test_unknown_is_said_and_known_allergies_stand_out(pages: Pages) -> None:
    allergies = pages.find("banner.allergies", QWidget)
    assert allergies.property("words") == "banner-allergies"
    pages.show(visit=made.VISIT_BEFORE)
    assert pages.name("banner.allergies") == "Allergies Not known"
    assert allergies.property("words") == "banner-no-allergies"


# --- the call ----------------------------------------------------------------------------------


def test_join_and_hang_up_each_keep_their_own_place(pages: Pages) -> None:
    pages.show(call=made.CALL_IDLE)
    join, hang_up = (pages.find(f"visit.{which}", QPushButton) for which in ("join", "hang-up"))
    before = join.geometry(), hang_up.geometry()
    assert join.isEnabled() and not hang_up.isEnabled()
    pages.show(call=made.CALL)
    assert (join.geometry(), hang_up.geometry()) == before
    assert hang_up.isEnabled()


def test_pressing_join_twice_does_not_hang_up(pages: Pages) -> None:
    pages.show(call=made.CALL_IDLE)
    pages.frame.activateWindow()
    join = pages.find("visit.join", QPushButton)
    join.setFocus()
    QTest.keyClick(join, Qt.Key.Key_Space)
    pages.show(call=made.CALL_WAITING)
    focused = pages.frame.focusWidget()
    assert focused is not None and focused.accessibleIdentifier() != "visit.hang-up"
    QTest.keyClick(focused, Qt.Key.Key_Space)
    assert pages.wishes("call") == [("join", ())]


def test_the_keyboard_does_not_wait_at_hang_up_in_a_window_behind_others_either(
    pages: Pages,
) -> None:
    pages.show(call=made.CALL_IDLE)
    pages.find("visit.join", QPushButton).setFocus()
    other = QWidget()
    other.show()
    other.activateWindow()
    settle()
    assert not pages.frame.isActiveWindow()
    pages.show(call=made.CALL_WAITING)
    focused = pages.frame.focusWidget()
    assert focused is not None and focused.accessibleIdentifier() == "note.text"


def test_escape_never_ends_a_call(pages: Pages) -> None:
    for widget in pages.frame.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            QTest.keyClick(widget, Qt.Key.Key_Escape)
    assert not pages.wishes("call")
    assert not pages.wishes("visit")


def test_mute_camera_and_the_shortcut_are_intents(pages: Pages) -> None:
    pages.press("visit.mute")
    pages.press("visit.camera")
    pages.press("visit.hang-up")
    pages.frame.activateWindow()
    settle()
    QTest.keyClick(
        pages.find("note.text", QWidget), Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier
    )
    wishes = [name for name, _ in pages.wishes("call")]
    assert wishes == ["toggle_mute", "toggle_camera", "hang_up", "toggle_mute"]


def test_muted_and_camera_off_are_said_as_states(pages: Pages) -> None:
    pages.show(call=made.CALL_WAITING)
    assert pages.find("visit.mute", QPushButton).text() == text("call.muted")
    assert pages.find("visit.camera", QPushButton).text() == text("call.camera-is-off")
    assert "Camera is off" in pages.name("visit.self-picture")


def test_while_muted_the_meter_stands_still(pages: Pages) -> None:
    meter = pages.find("visit.level", QProgressBar)
    pages.models["call"].levels.emit(0.1, 0.0)
    assert meter.value() > 0
    pages.show(call=made.CALL_WAITING)
    assert meter.value() == 0
    pages.models["call"].levels.emit(0.1, 0.0)
    assert meter.value() == 0


def test_an_outage_says_what_is_gone_since_when_and_what_goes_on(pages: Pages) -> None:
    assert not pages.shown("visit.outage")
    pages.show(call=made.CALL_OUT, visit=made.VISIT_OUT)
    assert "not reachable since 14:03" in pages.name("visit.outage")
    assert "kept here and sent later" in pages.name("visit.outage")
    assert "Interrupted since 14:03" in pages.name("visit.state")
    pages.show(call=made.CALL)
    assert not pages.shown("visit.outage")


def test_the_far_screen_is_missed_by_name(pages: Pages) -> None:
    assert not pages.shown("visit.far-screen")
    pages.show(call=made.CALL_FAR_SCREEN)
    expected = "Screen of N. Okafor, Cart 2 not answering since 14:03"
    assert pages.name("visit.far-screen") == expected


def test_two_clocks_and_the_gap(pages: Pages) -> None:
    assert pages.words("visit.since-check-in") == "0:12:41"
    assert pages.words("visit.in-contact") == "0:09:12"
    pages.show(visit=made.VISIT_OUT)
    labels = [
        label.accessibleName() for label in pages.frame.findChildren(QWidget) if label.isVisible()
    ]
    assert "paused since 14:03" in labels


def test_a_clock_without_a_value_has_no_caption_and_its_place_stays(pages: Pages) -> None:
    captions = ("visit.since-check-in-caption", "visit.in-contact-caption")
    assert all(pages.shown(caption) for caption in captions)
    clock = pages.find("visit.in-contact", QWidget)
    before = clock.mapTo(pages.frame, clock.rect().topLeft())
    pages.show(visit=replace(made.VISIT, since_check_in="", in_contact=""))
    assert not any(pages.shown(caption) for caption in captions)
    pages.show(visit=replace(made.VISIT, since_check_in=""))
    assert clock.mapTo(pages.frame, clock.rect().topLeft()) == before


def test_measures_are_read_with_their_units(pages: Pages) -> None:
    assert "Round trip 42 ms" in pages.name("visit.measures")
    assert "Joined in 640 ms" in pages.name("visit.measures")


# --- finishing ---------------------------------------------------------------------------------


def test_finishing_needs_a_second_press_elsewhere_and_names_the_patient(pages: Pages) -> None:
    pages.press("visit.finish")
    assert not pages.wishes("visit")
    assert "DOE, Jane (Mrs)" in pages.name("visit.finish-question")
    finish, confirm = (
        pages.find(f"visit.{which}", QPushButton) for which in ("finish", "finish-confirm")
    )
    places = [
        widget.rect().translated(widget.mapTo(pages.frame, widget.rect().topLeft()))
        for widget in (finish, confirm)
    ]
    assert not places[0].intersects(places[1])
    pages.press("visit.finish-cancel")
    assert not pages.wishes("visit")
    pages.press("visit.finish")
    pages.press("visit.finish-confirm")
    assert pages.wishes("visit") == [("finish", ())]


def test_a_question_about_a_finished_visit_is_withdrawn(pages: Pages) -> None:
    pages.press("visit.finish")
    pages.show(visit=made.VISIT_FINISHED)
    assert not pages.shown("visit.finish-confirm")
    assert not pages.find("visit.finish", QPushButton).isEnabled()


def test_a_finished_visit_is_signed_where_it_was_finished_and_asked_first(pages: Pages) -> None:
    assert not pages.shown("visit.sign")
    pages.show(visit=made.VISIT_FINISHED)
    assert not pages.shown("visit.finish")
    pages.press("visit.sign")
    assert "DOE, Jane (Mrs)" in pages.name("visit.sign-question")
    assert not pages.wishes("visit")
    pages.press("visit.sign-confirm")
    assert pages.wishes("visit") == [("sign", ())]


def test_the_cart_has_no_finish(pages: Pages) -> None:
    pages.show(visit=made.VISIT_CART)
    assert not pages.shown("visit.finish")


def test_back_is_an_intent(pages: Pages) -> None:
    pages.press("visit.back")
    assert pages.wishes("visit") == [("back", ())]


# --- the cuff ----------------------------------------------------------------------------------


def test_stop_is_there_exactly_while_the_cuff_runs(pages: Pages) -> None:
    pages.show(vitals=made.VITALS_CART)
    assert not pages.shown("cuff.stop")
    pages.show(vitals=made.VITALS_RUNNING)
    stop = pages.find("cuff.stop", QPushButton)
    assert stop.isVisible() and stop.isEnabled()
    assert not pages.find("cuff.start", QPushButton).isEnabled()
    pages.press("cuff.stop")
    assert pages.wishes("vitals") == [("stop", ())]


@pytest.mark.parametrize("size", [(1024, 768), (1280, 800)])
def test_stop_is_within_the_window_whatever_else_is_said(
    look: theme.Look, size: tuple[int, int]
) -> None:
    pages = Pages(look, Page.VISIT, size)
    long = "A message that is much longer than it should be. " * 6
    running = replace(made.VITALS_RUNNING, message=long, readings=made.READINGS * 6)
    pages.show(vitals=running, call=made.CALL_OUT)
    stop = pages.find("cuff.stop", QPushButton)
    place = stop.rect().translated(stop.mapTo(pages.frame, stop.rect().topLeft()))
    assert stop.isVisible()
    assert place.bottom() < size[1] / 2


def test_start_stop_and_keep_never_take_each_others_place(pages: Pages) -> None:
    where = {}
    for screen in (made.VITALS_CART, made.VITALS_RUNNING, made.VITALS_RESULT):
        pages.show(vitals=screen)
        for which in ("start", "stop", "keep", "discard"):
            button = pages.find(f"cuff.{which}", QPushButton)
            if button.isVisible() and button.isEnabled():
                top_left = button.mapTo(pages.frame, button.rect().topLeft())
                where[which] = button.rect().translated(top_left)
    names = list(where)
    assert len(names) == 4
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            assert not where[one].intersects(where[other]), (one, other)


def test_the_live_pressure_is_drawn_and_a_stale_one_is_a_dash(pages: Pages) -> None:
    pages.show(vitals=made.VITALS_FAR_LIVE)
    live = pages.find("cuff.live", VitalTile)
    assert live.drawn_value == "132"
    assert live.accessibleName() == "Cuff pressure 132 mmHg"
    pages.show(vitals=made.VITALS_FAR_STALE)
    assert live.drawn_value == DASH
    assert live.accessibleName() == "Cuff pressure: no present value"
    pages.show(vitals=made.VITALS_FAR)
    assert live.drawn_value == DASH


def test_a_result_is_kept_or_discarded_by_hand(pages: Pages) -> None:
    pages.show(vitals=made.VITALS_RESULT)
    assert pages.name("cuff.result") == "Result, not kept yet 131/79 mmHg"
    assert pages.name("cuff.extra") == "pulse 74 /min, mean 96 mmHg"
    pages.press("cuff.keep")
    pages.press("cuff.discard")
    assert pages.wishes("vitals") == [("keep", ()), ("discard", ())]


def test_a_refused_result_cannot_be_kept_and_says_why(pages: Pages) -> None:
    pages.show(vitals=made.VITALS_REFUSED)
    assert not pages.find("cuff.keep", QPushButton).isEnabled()
    assert pages.name("cuff.message") == failure(Code.OUT_OF_RANGE)
    assert pages.name("cuff.result").endswith("refused")


def test_the_far_side_has_no_cuff_controls(pages: Pages) -> None:
    pages.show(vitals=made.VITALS_FAR_LIVE)
    for which in ("start", "stop", "keep", "discard"):
        assert not pages.shown(f"cuff.{which}")


def test_readings_say_value_time_and_whether_the_server_has_them(pages: Pages) -> None:
    pages.show(vitals=replace(made.VITALS_FAR, readings=made.READINGS))
    assert pages.name("reading.1") == made.READINGS[0].spoken
    assert pages.name("reading.1").endswith("not yet confirmed by the server")
    assert pages.name("reading.2").endswith(", confirmed by the server")
    first, second = (pages.find(f"reading.{place}", QWidget) for place in (1, 2))
    assert first.y() < second.y()


def test_vital_signs_say_that_they_are_not_for_monitoring(pages: Pages) -> None:
    names = [widget.accessibleName() for widget in pages.frame.findChildren(QWidget)]
    assert text("vitals.not-for-monitoring") in names


# --- notes -------------------------------------------------------------------------------------


def test_what_is_typed_belongs_to_the_person_until_it_is_kept(pages: Pages) -> None:
    editor = pages.find("note.text", QPlainTextEdit)
    pages.show(notes=replace(made.NOTES, draft="from the store", visit=made.VISITS[1]))
    assert editor.toPlainText() == "from the store"
    assert not pages.wishes("notes"), "filling the editor is no keystroke"
    editor.moveCursor(editor.textCursor().MoveOperation.End)
    type_into(editor, " and more")
    assert pages.wishes("notes")[-1] == ("draft_changed", ("from the store and more",))
    pages.show(notes=replace(made.NOTES, draft="an older draft", visit=made.VISITS[1]))
    assert editor.toPlainText() == "from the store and more"
    pages.press("note.keep")
    assert pages.wishes("notes")[-1] == ("keep", ("from the store and more",))
    pages.show(notes=replace(made.NOTES, visit=made.VISITS[1], message=failure(Code.STORE_FULL)))
    assert editor.toPlainText() == "from the store and more", "refused: nothing is lost"
    pages.show(notes=replace(made.NOTES, visit=made.VISITS[1], kept=1))
    assert editor.toPlainText() == ""


def test_a_draft_never_goes_over_to_another_patient(pages: Pages) -> None:
    editor = pages.find("note.text", QPlainTextEdit)
    pages.show(notes=replace(made.NOTES, visit=made.VISITS[1]))
    type_into(editor, "about Jane")
    pages.show(notes=replace(made.NOTES, visit=made.VISITS[2], draft=""))
    assert editor.toPlainText() == ""


def test_keeping_works_by_keyboard_and_not_in_a_closed_visit(pages: Pages) -> None:
    editor = pages.find("note.text", QPlainTextEdit)
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert pages.wishes("notes")[-1][0] == "keep"
    count = len(pages.wishes("notes"))
    pages.show(notes=made.NOTES_SHUT)
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(pages.wishes("notes")) == count
    assert editor.isReadOnly()


def test_notes_are_listed_whole_with_their_confirmation(pages: Pages) -> None:
    assert pages.name("note.1") == made.NOTES.rows[0].spoken
    assert "No swelling of the ankles.<br>" in pages.find("note.1", QWidget).property("text")


# --- stethoscope and messages ------------------------------------------------------------------


def test_recording_starts_at_the_chosen_site_and_stops(pages: Pages) -> None:
    pages.show(recordings=made.SCOPE_CART)
    pages.find("scope.site", QComboBox).setCurrentText(made.SITES[3])
    pages.press("scope.start")
    pages.show(recordings=made.SCOPE_RECORDING)
    assert not pages.shown("scope.site"), "what runs is said above, and only there"
    assert made.SITES[3] in pages.name("scope.state")
    pages.press("scope.stop")
    assert pages.wishes("recordings") == [("start", (made.SITES[3],)), ("stop", ())]
    pages.show(recordings=made.SCOPE_CART)
    assert pages.find("scope.site", QComboBox).currentText() == made.SITES[3]


def test_stop_of_the_recording_does_not_stand_where_start_was(pages: Pages) -> None:
    pages.show(recordings=made.SCOPE_CART)
    start = pages.find("scope.start", QPushButton)
    before = start.geometry()
    pages.show(recordings=made.SCOPE_RECORDING)
    assert start.geometry() == before
    assert not pages.find("scope.stop", QPushButton).geometry().intersects(before)


def test_the_proof_is_said_and_a_difference_too(pages: Pages) -> None:
    assert not pages.shown("scope.proof")
    pages.show(recordings=made.SCOPE_PROVEN)
    assert "100 %, same hash at both ends (3f9a 02c4)" in pages.name("scope.proof")
    pages.show(recordings=made.SCOPE_DIFFERS)
    assert "DIFFERENT" in pages.name("scope.proof")


def test_the_curve_is_fed_without_a_new_screen(pages: Pages) -> None:
    pages.show(recordings=made.SCOPE_FAR_LIVE)
    loud = array("h", (-16000, 16384)).tobytes()
    pages.draw_curves([Strip(1, CurveKind.SOUND, n / 30, 1 / 30, loud) for n in range(30)])
    assert pages.name("scope.curve") == "Heart sound curve, level 50 %"
    pages.show(recordings=made.SCOPE_FAR)
    assert pages.name("scope.curve") == "Heart sound curve, nothing arriving"
    for which in ("start", "stop", "site"):
        assert not pages.shown(f"scope.{which}")


def test_a_message_leaves_the_line_only_when_it_is_kept(pages: Pages) -> None:
    line = pages.find("message.text", QLineEdit)
    type_into(line, "Left arm, please")
    pages.press("message.send")
    assert pages.wishes("messages") == [("send", ("Left arm, please",))]
    pages.show(messages=replace(made.MESSAGES, message=failure(Code.STORE_FULL)))
    assert line.text() == "Left arm, please"
    pages.show(messages=replace(made.MESSAGES, sent=1))
    assert line.text() == ""
    assert pages.name("message.2") == made.MESSAGES.rows[1].spoken


# --- the ladder --------------------------------------------------------------------------------


def test_both_directions_are_said_with_reason_and_time(pages: Pages) -> None:
    assert pages.name("visit.ladder-sent") == "You send: Full picture"
    pages.show(call=made.CALL_VOICE)
    expected = "You receive: Voice only – the line carries 60 kbit/s – since 14:03"
    assert pages.name("visit.ladder-received") == expected
    assert pages.find("visit.ladder-received", QWidget).property("tone") == "attention"
    assert "no picture is sent" in pages.name("visit.far-picture")
    pages.show(call=made.CALL_IDLE)
    assert not pages.shown("visit.ladder-sent") and not pages.shown("visit.hold-picture")


def test_what_matters_is_chosen_by_keyboard(pages: Pages) -> None:
    choice = pages.find("visit.matters", QComboBox)
    assert choice.accessibleName() == "What matters most"
    assert [choice.itemText(place) for place in range(3)] == list(made.CALL.ladder.choices)
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert ("choose", (1,)) in pages.wishes("call")
    pages.show(call=made.CALL_VOICE)
    assert choice.currentIndex() == 2
    pages.show(call=made.CALL_CART)
    assert not choice.isVisible(), "at the cart the choice is not offered"


def test_pictures_are_held_off_by_button_and_keys(pages: Pages) -> None:
    assert pages.name("visit.hold-picture") == "Hold the pictures off, voice only"
    pages.press("visit.hold-picture")
    assert pages.wishes("call") == [("toggle_hold", ())]
    QTest.keyClick(
        pages.frame,
        Qt.Key.Key_P,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert pages.wishes("call") == [("toggle_hold", ())] * 2
    pages.show(call=made.CALL_HELD)
    assert "Let them come again" in pages.name("visit.hold-picture")
    assert "not sent" in pages.name("visit.self-picture")


def test_where_nothing_gets_through_the_way_leads_to_the_messages(pages: Pages) -> None:
    assert not pages.shown("visit.write-message")
    pages.show(call=made.CALL_MESSAGES)
    assert "Write under Messages" in pages.name("visit.ladder-hint")
    assert not pages.shown("visit.matters")
    pages.press("visit.write-message")
    focused = pages.frame.focusWidget()
    assert focused is not None and focused.accessibleIdentifier() == "message.text"


def test_more_is_read_out_than_is_shown(pages: Pages) -> None:
    more = (MeasureScreen("Way", "direct"),)
    pages.show(call=replace(made.CALL, more_measures=more))
    assert pages.name("visit.measures").endswith("Way direct")
    assert "Way" not in pages.words("visit.measures")
    assert "Way direct" in pages.find("visit.measures", QLabel).toolTip()
