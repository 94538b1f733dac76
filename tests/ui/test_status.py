"""The bar under every page: true, short, and a way to what was not sent."""

import pytest
from PySide6.QtWidgets import QPushButton

from tests.ui.given import Pages
from ui import gallery_screens as made
from ui import theme
from ui.view_models.window import Page
from ui.wording import text


@pytest.mark.parametrize("page", [page for page in Page if page is not Page.SIGN_IN])
def test_it_stands_under_every_page(look: theme.Look, page: Page) -> None:
    pages = Pages(look, page)
    for part in ("server", "unsent", "store", "person", "demonstration"):
        assert pages.shown(f"status.{part}"), part


def test_what_is_wrong_is_said_with_its_time_and_a_sign(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    pages.show(status=made.STATUS_OUT)
    assert pages.words("status.server") == "✕ Server not reachable since 14:03"
    assert pages.name("status.server") == "Server not reachable since 14:03"
    assert pages.name("status.unsent") == "3 unsent, oldest 4 min"
    assert pages.name("status.store") == text("status.store-memory")


def test_a_clock_that_is_right_is_not_spoken_of(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    assert not pages.shown("status.clock")
    assert not pages.shown("status.clock-confirm")
    pages.show(status=made.STATUS_CLOCK)
    assert pages.name("status.clock") == "Clock 3 min behind the server"
    pages.press("status.clock-confirm")
    assert pages.wishes("status") == [("confirm_clock", ())]


def test_its_buttons_are_intents(look: theme.Look) -> None:
    pages = Pages(look, Page.TODAY)
    for part in ("unsent", "devices", "lock", "sign-out"):
        pages.press(f"status.{part}")
    wishes = ["open_unsent", "open_devices", "lock", "sign_out"]
    assert pages.wishes("status") == [(wish, ()) for wish in wishes]


def test_with_nobody_signed_in_it_offers_nothing(look: theme.Look) -> None:
    pages = Pages(look, Page.SIGN_IN)
    pages.show(status=made.STATUS_NOBODY)
    assert not [
        button.accessibleIdentifier()
        for button in pages.frame.findChildren(QPushButton)
        if button.isVisible() and button.accessibleIdentifier().startswith("status.")
    ]
