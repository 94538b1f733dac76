"""What the server has not accepted: waiting, or refused with the reason and both texts."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.ids import ChangeId
from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class UnsentRowScreen:
    change: ChangeId
    what: str  # "Note, written 14:03"
    patient: str  # DOE, Jane (Mrs)
    reason: str  # what the server said; "waiting" when it was not asked yet
    tone: Tone
    mine: str  # what was written here
    theirs: str = ""  # what stands at the server now
    can_write_anew: bool = False
    can_give_up: bool = False
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class UnsentScreen:
    """Refused and conflicting ones first."""

    title: str
    rows: tuple[UnsentRowScreen, ...] = ()
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class UnsentIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> UnsentScreen: ...
    def write_anew(self, change: ChangeId) -> None:
        """Send what was written here again, upon what stands at the server now."""
        ...

    def give_up(self, change: ChangeId) -> None:
        """Asked and confirmed."""
        ...

    def back(self) -> None: ...
