"""The cart before a visit: three acts, what instruments are there, and whom to choose."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.domain.device import DeviceKind
from app.domain.ids import VisitId
from ui.tone import Tone
from ui.view_models.worklist import WorklistRowScreen


@dataclass(frozen=True, slots=True)
class DeviceRowScreen:
    kind: DeviceKind
    name: str  # "Blood pressure cuff"
    model: str  # what answered, or where it was looked for
    state: str  # "Found since 13:58", "Missing since 14:03"
    tone: Tone
    reason: str = ""  # why it is missing and what to do


@dataclass(frozen=True, slots=True)
class CartHomeScreen:
    """`chosen` is one of `visits`; the start button names the patient it starts with."""

    title: str  # the cart's name
    devices: tuple[DeviceRowScreen, ...] = ()
    visits: tuple[WorklistRowScreen, ...] = ()
    chosen: VisitId | None = None
    start_detail: str = ""  # "with DOE, Jane (Mrs), born 14-Jul-1945" or what is missing for it
    can_start: bool = False
    test_detail: str = ""  # what the last test found
    test_tone: Tone = Tone.PLAIN
    is_testing: bool = False
    help_detail: str = ""  # whom to call and how, once asked for
    message: str = ""
    message_tone: Tone = Tone.PLAIN


class CartHomeIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> CartHomeScreen: ...
    def choose(self, visit: VisitId) -> None: ...
    def start_visit(self) -> None:
        """Checks the chosen patient in if that is still to do, and opens the visit."""
        ...

    def test_devices(self) -> None: ...
    def call_help(self) -> None: ...
