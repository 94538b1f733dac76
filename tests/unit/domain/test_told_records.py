"""Whose word is believed at the far desk, and of a reading only what a body may have."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.access import Role
from app.domain.changes import HeardRecord, Json, RecordType
from app.domain.device import DeviceIdentity, DeviceKind
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, PersonId, RecordId, VisitId, new_id
from app.domain.measurement import Measurement, Quantity, VitalKind
from app.domain.people import Person
from app.domain.reading import Reading, fields_of
from app.domain.told_records import must_be_believed, reading_told

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ME, NURSE = PersonId(new_id()), PersonId(new_id())
VISIT, PATIENT, RECORD = VisitId(new_id()), PatientId(new_id()), RecordId(new_id())
CUFF = DeviceIdentity(DeviceKind.BLOOD_PRESSURE_CUFF, "cuff", "")
BY_HAND = DeviceIdentity(DeviceKind.BY_HAND, "", "")

Change = Callable[[dict[str, Any]], None]


def seat(role: Role = Role.PRESENTER) -> Person:
    return Person(NURSE, "N. Kim", role)


def reading(*values: tuple[VitalKind, str], device: DeviceIdentity = CUFF) -> dict[str, Any]:
    measured = Measurement(
        visit=VISIT,
        quantities=tuple(Quantity(kind, Decimal(value)) for kind, value in values),
        device=device,
        device_time=None,
        received_at=NOON,
        frame_sha256="ab" * 32,
    )
    return fields_of(Reading(RECORD, VISIT, PATIENT, measured, NOON, NURSE))


def pressure() -> dict[str, Any]:
    return reading((VitalKind.SYSTOLIC_MMHG, "128"), (VitalKind.DIASTOLIC_MMHG, "76"))


def note() -> dict[str, Json]:
    return {"text": "x", "author": str(NURSE), "author_name": "N. Kim"}


def believe(kind: RecordType, fields: dict[str, Any], far: Person | None = None) -> None:
    must_be_believed(HeardRecord(kind, RECORD, fields, PATIENT, VISIT), far or seat(), ME)


def refusal(kind: RecordType, fields: dict[str, Any], far: Person | None = None) -> Code:
    with pytest.raises(Rejected) as refused:
        believe(kind, fields, far)
    return refused.value.code


def test_who_sits_there_is_believed_in_their_own_name() -> None:
    believe(RecordType.NOTE, note())
    believe(RecordType.READING, pressure())
    believe(RecordType.MESSAGE, note())
    believe(RecordType.RECEIPT, {"by": str(NURSE), "by_name": "N. Kim"})


@pytest.mark.parametrize("person", [str(ME), str(new_id()), "", None, 7, [str(NURSE)]])
def test_nobody_is_believed_in_another_name(person: Any) -> None:
    for kind in (RecordType.NOTE, RecordType.MESSAGE):
        assert refusal(kind, note() | {"author": person}) is Code.NOT_ALLOWED
    assert refusal(RecordType.READING, pressure() | {"kept_by": person}) is Code.NOT_ALLOWED
    assert refusal(RecordType.RECEIPT, {"by": person, "by_name": "N. Kim"}) is Code.NOT_ALLOWED


@pytest.mark.parametrize("name", ["Dr Lin", "", None])
def test_nobody_is_believed_who_calls_themselves_otherwise(name: Any) -> None:
    assert refusal(RecordType.NOTE, note() | {"author_name": name}) is Code.NOT_ALLOWED


def test_while_nobody_is_known_to_sit_there_no_note_and_no_reading_is_believed() -> None:
    for kind, fields in ((RecordType.NOTE, note()), (RecordType.READING, pressure())):
        with pytest.raises(Rejected):
            must_be_believed(HeardRecord(kind, RECORD, fields, PATIENT, VISIT), None, ME)


@pytest.mark.parametrize(
    "kind", sorted(set(RecordType) - {"message", "receipt", "note", "reading"})
)
def test_no_other_record_is_told(kind: RecordType) -> None:
    assert refusal(kind, note()) is Code.NOT_ALLOWED


def quantity(number: int, **fields: Any) -> Change:
    return lambda said: said["quantities"][number].update(fields)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (quantity(0, value="301"), Code.OUT_OF_RANGE),
        (quantity(0, value="76"), Code.SYSTOLIC_NOT_ABOVE_DIASTOLIC),
        (quantity(0, value="80"), Code.PULSE_PRESSURE_TOO_SMALL),
        (quantity(0, value="NaN"), Code.MALFORMED),
        (quantity(0, value="1E+999999999"), Code.MALFORMED),
        (quantity(0, value=None), Code.MALFORMED),
        (quantity(0, unit="kPa"), Code.MALFORMED),
        (quantity(0, unit=None), Code.MALFORMED),
        (quantity(0, kind="augmentation-percent"), Code.MALFORMED),
        (quantity(0, kind="spo2-percent", unit="%"), Code.UNEXPECTED_QUANTITY),
        (quantity(1, kind="systolic-mmhg"), Code.MALFORMED),
        (lambda said: said["quantities"].pop(), Code.INCOMPLETE),
        (lambda said: said.update(quantities=[]), Code.INCOMPLETE),
        (lambda said: said.update(quantities=7), Code.MALFORMED),
        (lambda said: said.update(quantities="ab"), Code.MALFORMED),
        (lambda said: said.update(quantities=["ab"]), Code.MALFORMED),
        (lambda said: said["device"].update(kind="toaster"), Code.MALFORMED),
        (lambda said: said.update(device="cuff"), Code.MALFORMED),
        (lambda said: said.update(quality=["haunted"]), Code.MALFORMED),
        (lambda said: said.update(kept_at="2026-11-21T09:00:00"), Code.MALFORMED),
        (lambda said: said.update(received_at="0001-01-01T00:00:00+14:00"), Code.MALFORMED),
        (lambda said: said.update(taken=3), Code.MALFORMED),
        (lambda said: said.pop("frame_sha256"), Code.MALFORMED),
    ],
)
def test_a_reading_no_body_can_have_is_not_believed(change: Change, code: Code) -> None:
    said = pressure()
    change(said)
    assert refusal(RecordType.READING, said) is code


def test_whose_it_is_was_said_by_whoever_keeps_it() -> None:
    assigned = {"by": str(NURSE), "at": NOON.isoformat(), "why": "nobody-asked"}
    believe(RecordType.READING, pressure() | {"assigned": assigned})
    another = assigned | {"by": str(new_id())}
    assert refusal(RecordType.READING, pressure() | {"assigned": another}) is Code.NOT_ALLOWED


@pytest.mark.parametrize(("number", "averaged"), [(0, []), (1, [str(new_id())])])
def test_an_average_names_its_readings(number: int, averaged: list[str]) -> None:
    part = {"id": str(new_id()), "number": number, "is_counted": True, "averaged": averaged}
    assert refusal(RecordType.READING, pressure() | {"series": part}) is Code.MALFORMED


def test_the_scale_of_spo2_is_a_clinicians_choice() -> None:
    said = reading((VitalKind.SPO2_SCALE, "2"), device=BY_HAND)
    assert refusal(RecordType.READING, said) is Code.NOT_ALLOWED
    believe(RecordType.READING, said, seat(Role.CLINICIAN))


def test_what_was_told_is_the_reading_that_was_kept() -> None:
    told = reading_told(str(RECORD), pressure(), Role.PRESENTER)
    assert (told.id, told.visit, told.patient, told.kept_by) == (RECORD, VISIT, PATIENT, NURSE)
    assert told.is_pending
    assert told.measured.value_of(VitalKind.SYSTOLIC_MMHG) == 128
