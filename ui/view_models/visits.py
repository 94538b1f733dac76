"""The open visit around its panels: banner, state, two clocks, Finish apart from hanging up."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone
from ui.view_models.patients import BannerScreen


@dataclass(frozen=True, slots=True)
class VisitScreen:
    """`banner` None: no chart is open, nothing of a patient is drawn."""

    banner: BannerScreen | None = None
    state: str = ""  # "In visit", "Interrupted since 14:03"
    state_tone: Tone = Tone.PLAIN
    since_check_in: str = ""  # 0:12:41; empty before the check-in
    in_contact: str = ""  # 0:09:12
    contact_note: str = ""  # "paused since 14:03"
    contact_tone: Tone = Tone.PLAIN
    shows_finish: bool = False  # only a clinician may finish
    can_finish: bool = False
    finish_question: str = ""  # names the patient
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class VisitIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> VisitScreen: ...
    def finish(self) -> None:
        """Asked and confirmed."""
        ...

    def back(self) -> None:
        """To today's list; a running call goes on only if the model says so."""
        ...
