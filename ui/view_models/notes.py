"""Notes of the visit: one draft, kept by a button, and what was written before."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.ids import VisitId
from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class NoteRowScreen:
    text: str
    written: str  # "14:03, N. Okafor"
    confirmation: str
    tone: Tone
    spoken: str  # text, who, when, confirmation


@dataclass(frozen=True, slots=True)
class NotesScreen:
    """The view fills the editor from `draft` when `visit` changes and empties it when `kept` grows.

    Between the two the editor belongs to the person who types.
    """

    visit: VisitId | None = None
    draft: str = ""
    kept: int = 0
    can_write: bool = False
    message: str = ""  # "Kept 14:03", or why not
    message_tone: Tone = Tone.PLAIN
    rows: tuple[NoteRowScreen, ...] = ()  # newest first


class NotesIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> NotesScreen: ...
    def keep(self, text: str) -> None: ...
    def draft_changed(self, text: str) -> None:
        """At each keystroke; the model waits a moment before it stores."""
        ...
