"""The window that stands instead of the program: why, and what a person may do about it."""

import pytest
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QLabel, QPushButton

from app.domain.failures import Code
from ui import theme
from ui.views.cannot_open import CannotOpenWindow
from ui.wording import failure, text


def buttons(window: CannotOpenWindow) -> dict[str, QPushButton]:
    found = window.findChildren(QPushButton)
    return {button.accessibleIdentifier(): button for button in found if not button.isHidden()}


def words(window: CannotOpenWindow) -> str:
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
    window.show()
    assert text("cannot-open.begin-anew-explained") in words(window)
    begins, left = QSignalSpy(window.begins_anew), QSignalSpy(window.left)
    assert (begins.count(), left.count()) == (0, 0)
    buttons(window)["cannot-open.begin-anew"].click()
    assert (begins.count(), left.count()) == (1, 0)
    window.close()
    assert left.count() == 1
