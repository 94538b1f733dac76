"""Invented patients and observations by the thousand, as the server's feed brings them."""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.domain.changes import ConfirmedRecord, FeedPage, Json, RecordType
from app.domain.ids import PatientId, RecordId, VisitId
from offline_store.unit_of_work import UnitOfWork

OF_PATIENT = 20  # observations of each
PAGE = 500
BEGAN = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
SYLLABLES = ("ka", "mo", "ri", "len", "tas", "vo", "ner", "su", "bel", "dar", "fin", "gol")


def patient_id(number: int) -> UUID:
    return UUID(int=(1 << 120) + (number * 2_654_435_761 % (1 << 64)))


def visit_id(number: int) -> UUID:
    return UUID(int=(2 << 120) + number)


def name_of(number: int) -> str:
    """As many different ones as people, in no order."""
    chance = random.Random(number)
    return "".join(chance.choice(SYLLABLES) for _ in range(4)).capitalize()


def pages(first_patient: int, last_patient: int, since: int) -> Iterator[FeedPage]:
    """Each patient with a visit and readings, in pages that follow each other from `since`."""
    waiting: list[ConfirmedRecord] = []
    for number in range(first_patient, last_patient):
        waiting += _of_patient(number, since + len(waiting))
        while len(waiting) >= PAGE:
            yield FeedPage(since, since + PAGE, tuple(waiting[:PAGE]), has_more=True)
            waiting, since = waiting[PAGE:], since + PAGE
    yield FeedPage(since, since + len(waiting), tuple(waiting), has_more=False)


def taken(page: FeedPage) -> Callable[[UnitOfWork], None]:
    """What applies it."""
    return lambda unit: unit.records.apply(page)


def _of_patient(number: int, position: int) -> list[ConfirmedRecord]:
    patient, visit = patient_id(number), visit_id(number)
    at = BEGAN + timedelta(minutes=number % 100_000)
    fields: dict[str, Json] = {
        "family_name": name_of(number),
        "given_name": name_of(-1 - number),
        "born": "1950-02-03",
        "record_number": f"BD-{number:07}",
    }
    of_visit: dict[str, Json] = {
        "patient": str(patient),
        "starts_at": at.isoformat(),
        "state": "signed",
    }
    found = [
        _record(RecordType.PATIENT, patient, position + 1, fields, patient, None),
        _record(RecordType.VISIT, visit, position + 2, of_visit, patient, visit),
    ]
    for reading in range(OF_PATIENT):
        where = position + 3 + reading
        # As ids are made: by time, so that new ones stand together.
        record = UUID(int=(3 << 120) + (where << 56) + (where * 40_503 % (1 << 32)))
        body = _reading(patient, visit, at + timedelta(seconds=reading), number + reading)
        found.append(_record(RecordType.READING, record, where, body, patient, visit))
    return found


def _record(
    kind: RecordType,
    record: UUID,
    position: int,
    fields: dict[str, Json],
    patient: UUID,
    visit: UUID | None,
) -> ConfirmedRecord:
    return ConfirmedRecord(
        record_type=kind,
        record=RecordId(record),
        version=1,
        position=position,
        schema=1,
        body=json.dumps(fields, separators=(",", ":")).encode(),
        patient=PatientId(patient),
        visit=None if visit is None else VisitId(visit),
    )


def _reading(patient: UUID, visit: UUID, at: datetime, value: int) -> dict[str, Json]:
    return {
        "visit": str(visit),
        "patient": str(patient),
        "quantities": [
            {"kind": "systolic-mmhg", "value": str(100 + value % 60), "unit": "mm[Hg]"},
            {"kind": "diastolic-mmhg", "value": str(60 + value % 30), "unit": "mm[Hg]"},
        ],
        "device": {"kind": "blood-pressure-cuff", "model": "cuff", "port": "/dev/ttyUSB0"},
        "device_time": None,
        "received_at": at.isoformat(),
        "frame_sha256": f"{value:064x}",
        "quality": [],
        "kept_at": at.isoformat(),
        "kept_by": str(UUID(int=10)),
    }
