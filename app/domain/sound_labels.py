"""What a person marks on a recorded body sound: a sound of the heart, a murmur, crackles, words.

A label is a record of its own beside the recording, which stays as the instrument gave it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.changes import Json
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, RecordId, VisitId

LABEL_TEXT_MAX = 120
LABELS_MOST = 200  # of one recording


class LabelKind(StrEnum):
    S1 = "s1"
    S2 = "s2"
    MURMUR = "murmur"
    CRACKLE = "crackle"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class SoundLabel:
    """`kind` is a LabelKind or a later release's word. `to_sample` equals `at_sample`: a moment."""

    id: RecordId
    visit: VisitId
    patient: PatientId
    recording: RecordId
    at_sample: int
    to_sample: int
    kind: str
    text: str
    author: PersonId
    author_name: str
    made_at: datetime
    is_withdrawn: bool = False
    version: int = 0
    is_pending: bool = True


def checked_text(kind: LabelKind, text: str) -> str:
    """As it is kept; Rejected when free words say nothing or too much."""
    plain = " ".join(text.split())
    if kind is LabelKind.TEXT and not plain:
        raise Rejected(Code.NOTHING_TO_KEEP)
    if len(plain) > LABEL_TEXT_MAX:
        raise Rejected(Code.TOO_LARGE)
    return plain


def label_fields(label: SoundLabel) -> dict[str, Json]:
    """The label's document as it is kept and sent (contract: SoundLabelBody)."""
    return {
        "visit": str(label.visit),
        "patient": str(label.patient),
        "recording": str(label.recording),
        "at_sample": label.at_sample,
        "to_sample": label.to_sample,
        "kind": label.kind,
        "text": label.text,
        "author": str(label.author),
        "author_name": label.author_name,
        "made_at": label.made_at.isoformat(),
        "is_withdrawn": label.is_withdrawn,
    }
