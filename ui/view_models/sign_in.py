"""Sign-in: who is asked for what, by which server, and what was wrong last time."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class SignInScreen:
    """The password is emptied by the view whenever `is_busy` ends."""

    title: str  # "Clinician workstation", "Telehealth cart"
    server: str
    username: str = ""  # who signed in here last; set when the page is shown
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    store_warning: str = ""  # "Nothing is kept when this window closes."
    demonstration: str = ""  # the mark of a demonstration, else empty
    is_busy: bool = False


class SignInIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> SignInScreen: ...
    def sign_in(self, username: str, password: str) -> None: ...
