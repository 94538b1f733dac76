"""Today's visits as rows, in the order in which they need somebody."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.ids import VisitId
from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class WorklistRowScreen:
    visit: VisitId
    record_key: str  # the record number as stored: the row is found by it
    time: str  # 09:30
    patient: str  # DOE, Jane (Mrs)
    born: str  # 14-Jul-1945 (81y)
    record_number: str  # 129 728 7652
    state: str  # "Interrupted since 14:03"
    tone: Tone
    reason: str
    detail: str = ""  # "not yet confirmed by the server"


@dataclass(frozen=True, slots=True)
class WorklistScreen:
    title: str  # "Today, Saturday 21-Nov-2026"
    rows: tuple[WorklistRowScreen, ...] = ()
    message: str = ""  # offline, and since when; or that there is no visit today
    message_tone: Tone = Tone.PLAIN


class WorklistIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> WorklistScreen: ...
    def open_visit(self, visit: VisitId) -> None: ...
