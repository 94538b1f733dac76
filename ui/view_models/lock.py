"""The locked screen: nothing of the chart, but a running call with Hang up and Mute."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class LockScreen:
    """Neither patient nor picture is named here."""

    person: str  # who is asked for the password
    explanation: str  # why it is locked
    has_call: bool = False
    call_state: str = ""  # "Call running since 13:58"
    call_tone: Tone = Tone.PLAIN
    is_muted: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    is_busy: bool = False


class LockIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> LockScreen: ...
    def hang_up(self) -> None: ...
    def toggle_mute(self) -> None: ...
    def unlock(self, password: str) -> None: ...
    def sign_out(self) -> None:
        """Somebody else takes this machine; offered only without a running call."""
        ...
