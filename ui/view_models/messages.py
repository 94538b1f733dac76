"""Messages between the two sides of the visit."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.ids import VisitId
from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class MessageRowScreen:
    text: str
    written: str  # "14:03, N. Okafor"
    confirmation: str
    tone: Tone
    is_own: bool
    spoken: str


@dataclass(frozen=True, slots=True)
class MessagesScreen:
    """The view empties its line when `sent` grows or `visit` changes."""

    visit: VisitId | None = None
    sent: int = 0
    can_send: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    rows: tuple[MessageRowScreen, ...] = ()  # newest first


class MessagesIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> MessagesScreen: ...
    def send(self, text: str) -> None: ...
