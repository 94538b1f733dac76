"""Blood pressure: the cuff while it runs, its result until somebody decides, readings kept."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class TileScreen:
    """One value. When `is_stale` the tile shows a dash whatever stands in `value`."""

    name: str  # "Cuff pressure"
    value: str  # "132", "128/76"
    unit: str  # "mmHg"
    source: str = ""  # which instrument
    age: str = ""  # "1 s ago"
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class ReadingRowScreen:
    what: str  # "Blood pressure"
    value: str  # "128/76 mmHg"
    extra: str  # "pulse 71 /min, mean 93 mmHg"
    kept: str  # "kept 14:03 by N. Okafor"
    age: str  # "4 min ago"
    confirmation: str  # "confirmed by the server", "not yet confirmed by the server"
    tone: Tone
    spoken: str  # "Blood pressure 128 over 76, pulse 71, kept 14:03, confirmed by the server"


@dataclass(frozen=True, slots=True)
class VitalsScreen:
    """`has_cuff_controls` at the cart; the far side sees values and lists."""

    has_cuff_controls: bool
    cuff_state: str = ""  # "Cuff found since 13:58", "Cuff missing since 14:03: cable pulled"
    cuff_tone: Tone = Tone.PLAIN
    can_start: bool = False
    is_running: bool = False  # STOP is there exactly while this holds
    live: TileScreen | None = None  # cuff pressure; None: nothing runs
    result: TileScreen | None = None  # what the cuff measured, not yet kept
    result_extra: str = ""  # "pulse 71 /min, mean 93 mmHg"
    result_message: str = ""  # why it may not be kept, or why there is no number
    result_tone: Tone = Tone.PLAIN
    can_keep: bool = False
    can_discard: bool = False
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    readings: tuple[ReadingRowScreen, ...] = ()  # newest first
    is_locked_by_visit: bool = False  # finished: nothing more may be added


class VitalsIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def screen(self) -> VitalsScreen: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def keep(self) -> None: ...
    def discard(self) -> None: ...
