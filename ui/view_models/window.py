"""Which page stands in the window. The page is chosen by what is signed in, locked and open."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import SignalInstance


class Page(StrEnum):
    SIGN_IN = "sign-in"
    LOCK = "lock"
    TODAY = "today"
    CART_HOME = "cart-home"
    VISIT = "visit"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class WindowScreen:
    page: Page


class WindowIntents(Protocol):
    """What the main window needs of its model."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> WindowScreen: ...
    def leave(self) -> None:
        """The window's close is an intent: hang up, flush, close the store, then quit."""
        ...
