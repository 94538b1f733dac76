"""A file that was erased on order: its record came again without the key; here all goes, too."""

import json
from dataclasses import dataclass

from app.domain.changes import ConfirmedRecord, RecordType
from app.domain.ids import PatientId, RecordId, VisitId

WITH_FILES = frozenset({RecordType.RECORDING, RecordType.STILL, RecordType.MESSAGE})


@dataclass(frozen=True, slots=True)
class FilePurge:
    """What is to be destroyed on this device, and of which record it is."""

    record: RecordId
    files: tuple[str, ...]
    patient: PatientId | None
    visit: VisitId | None


def files_without_key(record: ConfirmedRecord) -> tuple[str, ...]:
    """Of a record whose files can be opened no more; none of a record that has its keys."""
    if record.record_type not in WITH_FILES or b'"file_key"' not in record.body:
        return ()
    return files_erased_in(record.body)


def files_erased_in(body: bytes) -> tuple[str, ...]:
    document = json.loads(body)
    parts = [document, *(document.get("file_parts") or ())]
    return tuple(part["file_sha256"] for part in parts if part.get("file_key") == "")
