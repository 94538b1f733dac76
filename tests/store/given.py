"""Records and acts to test with. All people are invented."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from app.domain.audit import Act, AuditEvent
from app.domain.changes import (
    Change,
    ChangeResult,
    ConfirmedRecord,
    FeedPage,
    Json,
    NewChange,
    Outcome,
    RecordType,
)
from app.domain.clock import Stamp
from app.domain.failures import Code
from app.domain.ids import EventId, PatientId, PersonId, RecordId, VisitId, new_id

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PERSON = PersonId(UUID(int=0xA))
PATIENT = PatientId(UUID(int=0xB))
VISIT = VisitId(UUID(int=0xC))
A_DIGEST = "ab" * 32


def new_change(
    record_type: RecordType,
    fields: dict[str, Json],
    record: UUID | None = None,
    base_version: int = 0,
) -> NewChange:
    return NewChange(
        record_type=record_type,
        record=RecordId(record or new_id()),
        base_version=base_version,
        fields_set=fields,
        author=PERSON,
        stamp=Stamp(NOON),
        patient=PATIENT,
        visit=VISIT,
    )


def written(text: str, at: datetime = NOON) -> dict[str, Json]:
    """The fields of a note or message."""
    return {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "text": text,
        "author": str(PERSON),
        "author_name": "Dr Lin",
        "written_at": at.isoformat(),
    }


def new_note(text: str = "breathing freely", record: UUID | None = None) -> NewChange:
    return new_change(RecordType.NOTE, written(text), record)


def patient_fields(family_name: str = "Doe") -> dict[str, Json]:
    return {
        "family_name": family_name,
        "given_name": "Jane",
        "born": "1950-02-03",
        "record_number": "BD-1001",
    }


def visit_fields(state: str = "booked", starts_at: datetime = NOON) -> dict[str, Json]:
    return {"patient": str(PATIENT), "starts_at": starts_at.isoformat(), "state": state}


def reading_fields(systolic: str = "128", **more: Json) -> dict[str, Json]:
    return {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "quantities": [
            {"kind": "systolic-mmhg", "value": systolic, "unit": "mm[Hg]"},
            {"kind": "diastolic-mmhg", "value": "76", "unit": "mm[Hg]"},
        ],
        "device": {"kind": "blood-pressure-cuff", "model": "cuff", "port": "/dev/pts/9"},
        "device_time": None,
        "received_at": NOON.isoformat(),
        "frame_sha256": A_DIGEST,
        "quality": [],
        "kept_at": NOON.isoformat(),
        "kept_by": str(PERSON),
        **more,
    }


def recording_fields(file_sha256: str = A_DIGEST) -> dict[str, Json]:
    return {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "site": "apex",
        "sample_rate_hz": 4000,
        "samples": 40_000,
        "sha256": "cd" * 32,
        "recorded_at": NOON.isoformat(),
        "recorded_by": str(PERSON),
        "source": "synthetic heart",
        "file_sha256": file_sha256,
        "file_key": "a" * 43 + "=",
        "file_bytes": 80_100,
    }


def still_fields(file_sha256: str = A_DIGEST, **more: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "kind": "exam-camera",
        "width": 1920,
        "height": 1080,
        "sha256": "cd" * 32,
        "pixels_sha256": "ef" * 32,
        "taken_at": NOON.isoformat(),
        "taken_by": str(PERSON),
        "asked_by": "clinician",
        "source": "dermascope",
        "coding": "MJPG",
        "file_sha256": file_sha256,
        "file_key": "a" * 43 + "=",
        "file_bytes": 80_100,
    }
    return fields | more


def drawing_fields(still: UUID, words: str, **more: Json) -> dict[str, Json]:
    label: Json = {"kind": "label", "x1": 1.5, "y1": 2, "x2": 1.5, "y2": 2, "words": words}
    fields: dict[str, Json] = {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "still": str(still),
        "marks": [label],
        "scale": {"x1": 0, "y1": 0, "x2": 30, "y2": 40, "length_mm": 25},
        "author": str(PERSON),
        "author_name": "A",
        "made_at": NOON.isoformat(),
    }
    return fields | more


def confirmed(
    record_type: RecordType,
    fields: dict[str, Any],
    record: UUID,
    *,
    version: int = 1,
    position: int = 1,
    schema: int = 1,
) -> ConfirmedRecord:
    return ConfirmedRecord(
        record_type=record_type,
        record=RecordId(record),
        version=version,
        position=position,
        schema=schema,
        body=json.dumps(fields).encode(),
        patient=PATIENT,
        visit=None if record_type is RecordType.PATIENT else VISIT,
    )


def a_patient(**more: Any) -> ConfirmedRecord:
    return confirmed(RecordType.PATIENT, patient_fields(), PATIENT, **more)


def a_visit(state: str = "booked", starts_at: datetime = NOON, **more: Any) -> ConfirmedRecord:
    return confirmed(RecordType.VISIT, visit_fields(state, starts_at), VISIT, **more)


def page(*records: ConfirmedRecord, since: int = 0, until: int | None = None) -> FeedPage:
    last = max((record.position for record in records), default=since)
    return FeedPage(since, last if until is None else until, records, has_more=False)


def accepted(
    change: Change, *, position: int, outcome: Outcome = Outcome.ACCEPTED, **document: Any
) -> ChangeResult:
    """The server's yes: the record with the change in it."""
    fields = document or dict(change.fields_set)
    record = confirmed(
        change.record_type,
        fields,
        change.record,
        version=change.base_version + 1,
        position=position,
    )
    return ChangeResult(change.id, outcome, record=record)


def refused(change: Change, code: Code = Code.NOT_ALLOWED) -> ChangeResult:
    return ChangeResult(change.id, Outcome.REFUSED, code)


def in_conflict(change: Change, current: ConfirmedRecord) -> ChangeResult:
    return ChangeResult(change.id, Outcome.CONFLICT, Code.CONFLICT, current)


def event(subject: UUID | None = None, act: Act = Act.NOTE_KEPT) -> AuditEvent:
    return AuditEvent(
        id=EventId(new_id()), act=act, at=NOON, actor=PERSON, visit=VISIT, subject=subject
    )


def step_fields(step: str) -> dict[str, Json]:
    return {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "side": "presenter",
        "step": step,
        "reason": "slow",
        "carries_bit_s": 60_000,
        "at": NOON.isoformat(),
        "author": str(PERSON),
        "author_name": "Nurse Kim",
    }


def report_fields(drops: int = 0) -> dict[str, Json]:
    return {
        "visit": str(VISIT),
        "patient": str(PATIENT),
        "side": "presenter",
        "began_at": NOON.isoformat(),
        "ended_at": NOON.isoformat(),
        "contact_s": 61.5,
        "drops": drops,
        "rejoins": drops,
        "ladder_steps": 0,
        "lowest_step": None,
        "freezes": 0,
        "path": "direct",
        "figures": {"round-trip-ms": {"median": 42.0, "p95": 80.5, "worst": 310.0, "n": 61}},
        "author": str(PERSON),
        "author_name": "Nurse Kim",
    }
