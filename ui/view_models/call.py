"""The call: its state in words, what is gone and since when, and what its buttons may do."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class MeasureScreen:
    name: str  # "Round trip"
    value: str  # "42 ms"; a dash when not known
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class CallScreen:
    state: str  # "Waiting for the cart"
    state_tone: Tone = Tone.PLAIN
    far_caption: str = ""  # who is in the large picture
    far_absent: str = ""  # said where the picture would be, while there is none
    own_absent: str = ""
    far_screen: str = ""  # "Screen of Cart 2 not answering since 14:03"
    outage: str = ""  # what is gone and since when
    outage_detail: str = ""  # what goes on nevertheless
    can_join: bool = False
    can_hang_up: bool = False
    is_joined: bool = False  # Hang up stands where Join stood
    can_mute: bool = False
    is_muted: bool = False
    can_show_camera: bool = False
    is_camera_on: bool = True
    measures: tuple[MeasureScreen, ...] = ()


class CallIntents(Protocol):
    """`levels(own, far)` comes ten times a second and is drawn without a new Screen."""

    @property
    def changed(self) -> SignalInstance: ...
    @property
    def levels(self) -> SignalInstance:
        """Signal(float, float): 0..1."""
        ...

    @property
    def screen(self) -> CallScreen: ...
    def join(self) -> None: ...
    def hang_up(self) -> None: ...
    def toggle_mute(self) -> None: ...
    def toggle_camera(self) -> None: ...
