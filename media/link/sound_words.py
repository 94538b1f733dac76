"""The words of body sounds between the screen and the media process; `messages` lists them all."""

from dataclasses import dataclass

from app.domain.engine import SoundFault
from app.domain.failures import Code
from app.domain.ids import RecordId, VisitId
from app.domain.listening import Listening, Playing, Slot, SoundBand
from app.domain.recordings import SoundGap

# --- the screen asks ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listen:
    listening: Listening


@dataclass(frozen=True, slots=True)
class OpenSound:
    """A kept recording; one descriptor comes with it, sealed memory with the WAV."""

    slot: Slot
    recording: RecordId
    wav_bytes: int


@dataclass(frozen=True, slots=True)
class CloseSound:
    slot: Slot


@dataclass(frozen=True, slots=True)
class PlaySound:
    playing: Playing


@dataclass(frozen=True, slots=True)
class StopSound:
    pass


@dataclass(frozen=True, slots=True)
class StartScope:
    recording: RecordId
    site: str


@dataclass(frozen=True, slots=True)
class StopScope:
    recording: RecordId


@dataclass(frozen=True, slots=True)
class ScopeKept:
    """The recording is safe with the screen; the media process may forget it."""

    recording: RecordId


# --- the media process tells -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScopeBegan:
    recording: RecordId


@dataclass(frozen=True, slots=True)
class ScopeRefused:
    """The wish was not carried out; no recording of this id runs."""

    recording: RecordId
    code: Code


@dataclass(frozen=True, slots=True)
class ScopeFile:
    """ScopeDone without its bytes: one descriptor comes with it, sealed memory with the WAV."""

    recording: RecordId
    visit: VisitId
    site: str
    is_ours: bool
    sample_rate_hz: int
    samples: int
    sha256: str
    source: str
    is_complete: bool
    wav_bytes: int
    gaps: tuple[SoundGap, ...] = ()
    continues: RecordId | None = None


@dataclass(frozen=True, slots=True)
class CurveMemory:
    """One descriptor comes with it: the ring of strips of what is heard now, read-only."""

    strips: int


@dataclass(frozen=True, slots=True)
class SoundShown:
    """SoundOpened without its curves: one descriptor comes with it, of peaks, pairs, columns."""

    slot: Slot
    recording: RecordId
    sample_rate_hz: int
    seconds: float
    bands: tuple[SoundBand, ...]
    peaks_bytes: int
    pairs_bytes: int
    columns_bytes: int
    column_bytes: int
    columns_per_s: float
    peak: int
    heart_rate_bpm: float | None
    heart_confidence: float
    faults: tuple[SoundFault, ...]
