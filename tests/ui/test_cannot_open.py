"""The window that stands instead of the program: why, and what a person may do about it."""

import pytest
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

from app.domain.failures import Code
from ui import theme
from ui.views.ask_pin import AskPinWindow
from ui.views.cannot_open import CannotOpenWindow
from ui.widgets.dress import clothe
from ui.wording import failure, text


def buttons(window: QWidget) -> dict[str, QPushButton]:
    found = window.findChildren(QPushButton)
    return {button.accessibleIdentifier(): button for button in found if not button.isHidden()}


def words(window: QWidget) -> str:
    return " ".join(label.text() for label in window.findChildren(QLabel))


@pytest.mark.parametrize("code", [Code.STORE_IN_USE, Code.STORE_WRONG_KEY, Code.STORE_TOO_NEW])
def test_it_says_why_and_offers_to_close(look: theme.Look, code: Code) -> None:
    window = CannotOpenWindow(code)
    assert failure(code) in words(window)
    assert list(buttons(window)) == ["cannot-open.leave"]
    left = QSignalSpy(window.left)
    buttons(window)["cannot-open.leave"].click()
    assert left.count() == 1


@pytest.mark.parametrize("code", [Code.STORE_DAMAGED, Code.DISK_FAULT])
def test_a_damaged_store_is_put_aside_by_a_person_alone(look: theme.Look, code: Code) -> None:
    window = CannotOpenWindow(code)
    clothe(window, look)
    window.show()
    assert text("cannot-open.begin-anew-explained") in words(window)
    begins, left = QSignalSpy(window.begins_anew), QSignalSpy(window.left)
    assert (begins.count(), left.count()) == (0, 0)
    buttons(window)["cannot-open.begin-anew"].click()
    assert (begins.count(), left.count()) == (1, 0)
    window.close()
    assert left.count() == 1


def fields(window: AskPinWindow) -> list[QLineEdit]:
    return [field for field in window.findChildren(QLineEdit) if field.isVisible()]


def test_a_pin_is_asked_for_once_and_never_shown(look: theme.Look) -> None:
    window = AskPinWindow(is_new=False, code=Code.PIN_WRONG)
    clothe(window, look)
    window.show()
    assert failure(Code.PIN_WRONG) in words(window)
    (pin,) = fields(window)
    assert pin.echoMode() is QLineEdit.EchoMode.Password
    given, left = QSignalSpy(window.given), QSignalSpy(window.left)
    pin.setText("270496")
    buttons(window)["pin.go-on"].click()
    assert [given.at(0)[0], given.count(), left.count()] == ["270496", 1, 0]
    assert pin.text() == ""
    buttons(window)["pin.leave"].click()
    assert left.count() == 1


def test_a_new_pin_is_typed_twice_the_same(look: theme.Look) -> None:
    window = AskPinWindow(is_new=True)
    clothe(window, look)
    window.show()
    pin, again = fields(window)
    given = QSignalSpy(window.given)
    pin.setText("270496")
    again.setText("270497")
    buttons(window)["pin.go-on"].click()
    assert given.count() == 0
    assert text("pin.differ") in words(window)
    again.setText("270496")
    buttons(window)["pin.go-on"].click()
    assert [given.at(0)[0], given.count()] == ["270496", 1]
