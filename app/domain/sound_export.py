"""A recorded body sound on its way out of the house: in which form, and what is said of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.ids import RecordId, VisitId


class ExportForm(StrEnum):
    WAV = "wav"  # the record itself, byte for byte
    FLAC = "flac"  # the same samples
    DICOM = "dicom"  # the same samples, with whose they are


@dataclass(frozen=True, slots=True)
class SoundNote:
    """A label of a stretch, or of a moment when both are the same; in seconds."""

    words: str
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class SoundExport:
    """`number`: which of the visit's recordings it is, from 1. `version`: of this program."""

    recording: RecordId
    visit: VisitId
    number: int
    recorded_at: datetime
    site: str
    source: str  # as the device list names it
    version: str
    notes: tuple[SoundNote, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedSound:
    """What lies there now, read again after it was written."""

    form: ExportForm
    sha256: str
    size_bytes: int
    is_same_samples: bool  # False: the form holds no sound so fast, it was thinned
