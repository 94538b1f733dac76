"""The messages' panel: what counts as read, what is asked before a file goes, and by which keys."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton, QWidget

from app.domain.failures import Code
from tests.ui.given import Pages, settle
from ui import gallery_screens as made
from ui import theme
from ui.view_models.window import Page, WindowScreen
from ui.views import messages as messages_view
from ui.views.message_files import MessageFilesView
from ui.widgets import attendance
from ui.wording import failure, spoken


@pytest.fixture
def pages(look: theme.Look) -> Pages:
    return Pages(look, Page.VISIT)


def wait_for_a_look() -> None:
    QTest.qWait(messages_view.SETTLED_MS + 50)


def touches(pages: Pages) -> None:
    """A key at the native window, as a person's."""
    window = pages.frame.window()
    window.activateWindow()
    handle = window.windowHandle()
    assert handle is not None
    QTest.keyClick(handle, Qt.Key.Key_Shift)
    settle()


def seen(pages: Pages) -> list[object]:
    return [arguments for name, arguments in pages.wishes("messages") if name == "seen"]


def test_new_is_read_only_when_somebody_is_there(pages: Pages) -> None:
    pages.show(messages=made.MESSAGES_LIVE)
    wait_for_a_look()
    assert seen(pages) == []
    touches(pages)
    wait_for_a_look()
    assert seen(pages)[0] == ((made.MESSAGES_LIVE.rows[0].message,),)


def test_nobody_reads_behind_a_locked_screen(pages: Pages) -> None:
    pages.models["window"].show(WindowScreen(Page.LOCK))
    touches(pages)
    pages.show(messages=made.MESSAGES_LIVE)
    wait_for_a_look()
    assert seen(pages) == []


def test_who_works_in_another_window_reads_nothing_here(pages: Pages) -> None:
    touches(pages)
    other = QWidget()
    other.show()
    other.activateWindow()
    settle()
    assert not pages.frame.isActiveWindow()
    pages.show(messages=made.MESSAGES_LIVE)
    wait_for_a_look()
    assert seen(pages) == []
    other.close()


def test_an_empty_room_reads_nothing(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    touches(pages)
    monkeypatch.setattr(attendance, "ATTENDED_S", 0.0)
    pages.show(messages=made.MESSAGES_LIVE)
    wait_for_a_look()
    assert seen(pages) == []


def test_what_is_new_and_how_far_it_came_is_said(pages: Pages) -> None:
    pages.show(messages=made.MESSAGES_LIVE)
    assert pages.name("messages.remark") == "1 new"
    pages.show(messages=made.MESSAGES_BY_CALL)
    assert not pages.shown("messages.remark")
    assert "go over the call" in pages.name("message.way")
    pages.show(messages=made.MESSAGES)
    assert not pages.shown("message.way")


def test_the_line_is_reached_by_its_keys_and_works_without_a_call(pages: Pages) -> None:
    pages.show(call=made.CALL_IDLE, messages=made.MESSAGES_NO_WAY)
    line = pages.find("message.text", QLineEdit)
    touches(pages)
    QTest.keyClick(pages.frame.window(), Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    settle()
    assert line.hasFocus()
    QTest.keyClicks(line, "still here")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert ("send", ("still here",)) in pages.wishes("messages")


def test_a_file_goes_only_when_its_name_was_asked_about(pages: Pages) -> None:
    files = pages.frame.findChildren(MessageFilesView)[0]
    files.ask_about("/home/kim/Ana Costa/rash.png")
    settle()
    question = pages.name("message.send-file-question")
    assert "rash.png" in question
    assert "Ana" not in question
    pages.press("message.send-file-cancel")
    assert pages.wishes("messages") == []
    files.ask_about("/home/kim/rash.png")
    settle()
    pages.press("message.send-file-confirm")
    assert pages.wishes("messages") == [("send_file", ("/home/kim/rash.png", ""))]


def test_what_was_asked_about_one_patient_is_not_asked_about_the_next(pages: Pages) -> None:
    files = pages.frame.findChildren(MessageFilesView)[0]
    files.ask_about("/home/kim/rash.png")
    settle()
    pages.show(messages=replace(made.MESSAGES, visit=made.VISITS[3]))
    assert not pages.shown("message.send-file-confirm")


def test_a_file_is_saved_only_whole_and_after_a_question(pages: Pages) -> None:
    pages.show(messages=made.MESSAGES_LIVE)
    assert not pages.find("message.file.1", QPushButton).isEnabled()
    assert pages.name("message.file.2") == spoken(made.FILES[1].spoken)
    pages.press("message.file.2")
    assert "not encrypted" in pages.name("message.save-file-question")
    pages.press("message.save-file-cancel")
    assert pages.wishes("messages") == []
    assert pages.shown("message.file.2")


def test_a_locked_screen_has_no_window_before_it_that_chooses_files(pages: Pages) -> None:
    pages.show(messages=made.MESSAGES_LIVE)
    pages.press("message.file.2")
    pages.press("message.save-file-confirm")
    settle()
    [dialog] = pages.frame.findChildren(QFileDialog)
    assert dialog.isVisible()
    pages.models["window"].show(WindowScreen(Page.LOCK))
    settle()
    assert not any(one.isVisible() for one in pages.frame.findChildren(QFileDialog))
    assert pages.wishes("messages") == []
    pages.models["window"].show(WindowScreen(Page.VISIT))
    pages.press("message.attach")
    settle()
    [dialog] = [one for one in pages.frame.findChildren(QFileDialog) if one.isVisible()]
    pages.models["window"].show(WindowScreen(Page.LOCK))
    settle()
    assert not any(one.isVisible() for one in pages.frame.findChildren(QFileDialog))


def test_why_a_file_cannot_go_is_said(pages: Pages) -> None:
    pages.show(messages=made.MESSAGES_FILE_REFUSED)
    assert pages.name("message.message") == failure(Code.FILE_KIND_UNKNOWN)
