"""What a file of a body sound must say about it besides the sound: whose, where, when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SoundPapers:
    """Goes into a DICOM object only: a WAV and a FLAC file name nobody."""

    family_name: str
    given_name: str
    born: str  # as in the record: "1945-07-14", empty when not known
    sex: str
    record_number: str
    visit: str  # identifiers, as text
    recording: str
    site: str
    recorded_at: datetime
    source: str
