"""What was written in a visit. A signed note is only amended, never changed."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.ids import PatientId, PersonId, RecordId, VisitId

NOTE_MAX_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Note:
    id: RecordId
    visit: VisitId
    patient: PatientId
    text: str
    author: PersonId
    author_name: str
    written_at: datetime
    version: int = 0  # of the server; 0: not confirmed yet
    is_pending: bool = True
