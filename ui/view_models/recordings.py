"""The stethoscope: record at a site, see the curve, know that both ends hold the same bytes."""

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import SignalInstance

from ui.tone import Tone


@dataclass(frozen=True, slots=True)
class RecordingRowScreen:
    site: str
    length: str  # "20.0 s"
    made: str  # "recorded 14:03"
    proof: str  # "same hash at both ends"; empty when not known
    fingerprint: str  # "3f9a 02c4", the first bytes of the SHA-256
    confirmation: str
    tone: Tone
    spoken: str


@dataclass(frozen=True, slots=True)
class RecordingsScreen:
    """`has_controls` where the stethoscope is; the other side sees curve, proof and list."""

    has_controls: bool
    sites: tuple[str, ...] = ()
    scope_state: str = ""  # found or missing since when; "Recording 12 s"
    scope_tone: Tone = Tone.PLAIN
    can_start: bool = False
    is_running: bool = False
    progress: str = ""  # "12.4 s, nothing missing"
    is_live: bool = False  # False: the curve is greyed, nothing new comes
    proof: str = ""  # "Received 100 %, same hash"
    proof_tone: Tone = Tone.PLAIN
    message: str = ""
    message_tone: Tone = Tone.PLAIN
    rows: tuple[RecordingRowScreen, ...] = ()  # newest first


class RecordingsIntents(Protocol):
    @property
    def changed(self) -> SignalInstance: ...
    @property
    def envelope(self) -> SignalInstance:
        """Signal(object): tuple of new absolute peaks, 0..1, 50 a second; an empty one clears."""
        ...

    @property
    def screen(self) -> RecordingsScreen: ...
    def start(self, site: str) -> None: ...
    def stop(self) -> None: ...
