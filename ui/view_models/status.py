"""The status bar under every page: server, unsent, clock, store, person."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class StatusScreen:
    server: str  # "Server reachable", "Server not reachable since 14:03"
    server_tone: Tone
    unsent: str  # "Nothing unsent", "3 unsent, oldest 4 min"
    unsent_tone: Tone
    clock: str = ""  # "Clock 3 s behind the server"; empty when there is nothing to say
    clock_tone: Tone = Tone.PLAIN
    can_confirm_clock: bool = False  # times are confirmed by a person before they are kept
    store: str = ""  # "Store encrypted", "In memory only: nothing is kept when this window closes"
    store_tone: Tone = Tone.PLAIN
    person: str = ""  # empty: nobody is signed in
    demonstration: str = ""
    can_open_unsent: bool = False
    can_lock: bool = False
    can_sign_out: bool = False


class StatusIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> StatusScreen: ...
    def open_unsent(self) -> None: ...
    def confirm_clock(self) -> None: ...
    def lock(self) -> None: ...
    def sign_out(self) -> None: ...
