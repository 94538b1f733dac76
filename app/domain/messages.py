"""Secure messages between the two sides of a visit."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.ids import PatientId, PersonId, RecordId, VisitId

MESSAGE_MAX_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True)
class Message:
    id: RecordId
    visit: VisitId
    patient: PatientId
    text: str
    author: PersonId
    author_name: str
    written_at: datetime
    is_pending: bool = True
