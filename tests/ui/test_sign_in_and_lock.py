"""Signing in, the locked screen: what they say, what they forget, what they never show."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from app.domain.failures import Code
from tests.ui.given import Pages, settle, type_into
from ui import gallery_screens as made
from ui import theme
from ui.view_models.window import Page
from ui.wording import failure, text


def test_sign_in_says_what_it_is_and_which_server(look: theme.Look) -> None:
    pages = Pages(look, Page.SIGN_IN)
    pages.show(sign_in=made.SIGN_IN_WRONG)
    shown = [label.text() for label in pages.frame.findChildren(QLabel) if label.isVisible()]
    assert text("place.presenter") in shown
    assert text("demonstration") in shown
    assert pages.words("sign-in.server") == made.SIGN_IN.server
    assert failure(Code.WRONG_CREDENTIALS) in pages.words("sign-in.message")
    assert pages.name("sign-in.message") == failure(Code.WRONG_CREDENTIALS)
    assert "nothing is kept when this window closes" in pages.words("sign-in.store")


def test_a_kept_store_warns_of_nothing(look: theme.Look) -> None:
    pages = Pages(look, Page.SIGN_IN)
    assert not pages.shown("sign-in.store")
    assert not pages.shown("sign-in.message")


def test_name_and_password_go_to_the_model_once(look: theme.Look) -> None:
    pages = Pages(look, Page.SIGN_IN)
    type_into(pages.find("sign-in.username", QLineEdit), "a.lindqvist")
    type_into(pages.find("sign-in.password", QLineEdit), "secret words")
    pages.press("sign-in.submit")
    assert pages.wishes("sign_in") == [("sign_in", ("a.lindqvist", "secret words"))]


def test_enter_goes_from_name_to_password_and_then_signs_in(look: theme.Look) -> None:
    pages = Pages(look, Page.SIGN_IN)
    name, password = (
        pages.find(f"sign-in.{which}", QLineEdit) for which in ("username", "password")
    )
    name.setFocus()
    type_into(name, "a.lindqvist")
    QTest.keyClick(name, Qt.Key.Key_Return)
    assert password.hasFocus()
    assert not pages.wishes("sign_in")
    type_into(password, "secret")
    QTest.keyClick(password, Qt.Key.Key_Return)
    assert pages.wishes("sign_in") == [("sign_in", ("a.lindqvist", "secret"))]


def test_while_it_signs_in_nothing_is_pressed_twice_and_then_the_password_is_gone(
    look: theme.Look,
) -> None:
    pages = Pages(look, Page.SIGN_IN)
    password = pages.find("sign-in.password", QLineEdit)
    assert password.echoMode() == QLineEdit.EchoMode.Password
    type_into(password, "secret")
    pages.show(sign_in=replace(made.SIGN_IN, is_busy=True))
    assert not pages.find("sign-in.submit", QPushButton).isEnabled()
    assert password.text() == "secret"
    pages.show(sign_in=made.SIGN_IN_WRONG)
    assert pages.find("sign-in.submit", QPushButton).isEnabled()
    assert password.text() == ""


def test_the_last_name_is_filled_in_once_and_never_over_what_is_typed(look: theme.Look) -> None:
    pages = Pages(look, Page.SIGN_IN)
    pages.show(sign_in=replace(made.SIGN_IN, username="n.okafor"))
    name = pages.find("sign-in.username", QLineEdit)
    assert name.text() == "n.okafor"
    name.setText("somebody else")
    pages.show(sign_in=replace(made.SIGN_IN, username="n.okafor", message="x"))
    assert name.text() == "somebody else"


def test_a_locked_screen_shows_the_call_and_nobody_else(look: theme.Look) -> None:
    pages = Pages(look, Page.LOCK)
    shown = " ".join(
        label.text() + label.accessibleName()
        for label in pages.frame.findChildren(QLabel)
        if label.isVisible()
    )
    assert "Call running since" in shown
    assert "DOE" not in shown
    assert not pages.shown("visit.far-picture")
    pages.press("lock.mute")
    pages.press("lock.hang-up")
    assert pages.wishes("lock") == [("toggle_mute", ()), ("hang_up", ())]


def test_muted_is_said_on_the_locked_screen(look: theme.Look) -> None:
    pages = Pages(look, Page.LOCK)
    pages.show(lock=made.LOCK_MUTED)
    assert pages.find("lock.mute", QPushButton).text() == text("call.muted")
    assert pages.name("lock.mute") == text("call.unmute-name")


def test_without_a_call_there_is_nothing_to_hang_up_and_somebody_else_may_sign_in(
    look: theme.Look,
) -> None:
    pages = Pages(look, Page.LOCK)
    assert not pages.shown("lock.sign-out")
    pages.show(lock=made.LOCK_QUIET)
    assert not pages.shown("lock.hang-up")
    pages.press("lock.sign-out")
    assert pages.wishes("lock") == [("sign_out", ())]


def test_unlocking_takes_the_password_and_escape_hangs_nothing_up(look: theme.Look) -> None:
    pages = Pages(look, Page.LOCK)
    password = pages.find("lock.password", QLineEdit)
    assert "Dr A. Lindqvist" in pages.name("lock.password")
    type_into(password, "secret")
    QTest.keyClick(password, Qt.Key.Key_Escape)
    QTest.keyClick(password, Qt.Key.Key_Return)
    settle()
    assert pages.wishes("lock") == [("unlock", ("secret",))]
    pages.show(lock=replace(made.LOCK_CALL, is_busy=True))
    pages.show(lock=made.LOCK_MUTED)
    assert password.text() == ""
