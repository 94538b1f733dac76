"""Stills and drawings at the server: whose, with which file, and never another time."""

import base64
import hashlib
import os
from uuid import UUID

import pytest

from app.domain.audit import Act
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.stills import MARKS_MOST, SIDE_MAX
from tests.server.given import Clinic, Device, Json

KEY = base64.b64encode(bytes(range(32))).decode()


def still(
    by: Device, visit: VisitId, patient: PatientId, file: bytes, more: Json | None = None
) -> Json:
    fields = {
        "visit": str(visit),
        "patient": str(patient),
        "kind": "exam-camera",
        "width": 1920,
        "height": 1080,
        "sha256": "1" * 64,
        "pixels_sha256": "2" * 64,
        "taken_at": "2026-11-21T09:00:00+00:00",
        "taken_by": str(by.person.id),
        "asked_by": "clinician",
        "source": "dermascope",
        "coding": "MJPG",
        "file_sha256": _digest(file),
        "file_key": KEY,
        "file_bytes": len(file),
    }
    return by.change("still", {**fields, **(more or {})})


def drawing(
    by: Device, visit: VisitId, patient: PatientId, still: str, more: Json | None = None
) -> Json:
    arrow = {"kind": "arrow", "x1": 1.5, "y1": 2, "x2": 30, "y2": 40, "words": ""}
    fields = {
        "visit": str(visit),
        "patient": str(patient),
        "still": still,
        "marks": [arrow],
        "scale": {"x1": 0, "y1": 0, "x2": 100, "y2": 0, "length_mm": 10.0},
        "author": str(by.person.id),
        "author_name": "A",
        "made_at": "2026-11-21T09:05:00+00:00",
    }
    return by.change("still-marks", {**fields, **(more or {})})


async def test_a_still_waits_for_its_file_and_reaches_the_other_desk(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    file = os.urandom(5000)
    change = still(nurse, visit, patient, file)
    early = await nurse.push_one(change)
    assert (early["outcome"], early["code"]) == ("refused", "not-found")
    await nurse.put_file(file)
    assert (await nurse.push_one(change))["outcome"] == "accepted"
    assert (await nurse.push_one(change))["outcome"] == "already-there"
    delivered = await desk.record(change["record"])
    assert delivered["document"] == change["fields_set"]
    [event] = clinic.audited(Act.STILL_KEPT)
    assert (event["subject"], event["patient"]) == (change["record"], str(patient))
    fetched = await desk.http.get(f"/v1/files/{_digest(file)}")
    assert fetched.content == file
    [event] = clinic.audited(Act.FILE_FETCHED)
    assert (event["subject"], event["patient"]) == (change["record"], str(patient))


async def test_the_key_of_its_file_is_nowhere_in_the_open(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.put_file(b"file")
    await nurse.push_one(still(nurse, visit, patient, b"file"))
    clinic.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in clinic.settings.data.iterdir():
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


async def test_a_still_that_contradicts_its_file_visit_or_person_is_refused(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    stranger, _ = clinic.add_visit()
    await nurse.put_file(b"file")
    for more, code in (
        ({"file_bytes": 5}, "hash-mismatch"),
        ({"file_key": "short"}, "malformed"),
        ({"patient": str(stranger)}, "wrong-patient"),
        ({"taken_by": str(doctor.person.id)}, "not-allowed"),
        ({"width": 0}, "malformed"),
        ({"height": SIDE_MAX + 1}, "malformed"),
        ({"asked_by": "nobody"}, "malformed"),
        ({"sha256": "x" * 64}, "malformed"),
        ({"kind": "stethoscope"}, "malformed"),
    ):
        change = still(nurse, visit, patient, b"file", more)
        answer = await nurse.push_one(change)
        assert answer["outcome"] == "refused", more
        assert answer["code"] == code, more


async def test_a_still_and_a_drawing_are_never_changed(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.put_file(b"file")
    made = still(nurse, visit, patient, b"file")
    drawn = drawing(nurse, visit, patient, made["record"])
    for change in (made, drawn):
        assert (await nurse.push_one(change))["outcome"] == "accepted"
        record = UUID(change["record"])
        later = nurse.change(change["record_type"], {"width": 7, "marks": []}, record, 1)
        assert (await nurse.push_one(later))["outcome"] == "refused"
        assert (await nurse.record(change["record"]))["document"] == change["fields_set"]


async def test_both_may_draw_beside_a_still_even_before_it_has_arrived(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    first = drawing(doctor, visit, patient, str(new_id()))
    assert (await doctor.push_one(first))["outcome"] == "accepted"
    delivered = await nurse.record(first["record"])
    assert delivered["document"]["marks"] == first["fields_set"]["marks"]
    second = drawing(
        nurse, visit, patient, first["fields_set"]["still"], {"scale": None, "marks": []}
    )
    assert (await nurse.push_one(second))["outcome"] == "accepted"
    assert len(clinic.audited(Act.STILL_MARKED)) == 2


async def test_a_drawing_beside_another_patients_still_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    stranger, elsewhere = clinic.add_visit()
    await nurse.put_file(b"file")
    made = still(nurse, visit, patient, b"file")
    await nurse.push_one(made)
    answer = await nurse.push_one(drawing(nurse, elsewhere, stranger, made["record"]))
    assert (answer["outcome"], answer["code"]) == ("refused", "wrong-patient")


ARROW = {"kind": "arrow", "x1": 0, "y1": 0, "x2": 1, "y2": 1, "words": ""}


@pytest.mark.parametrize(
    "more",
    [
        {"marks": [ARROW] * (MARKS_MOST + 1)},
        {"marks": [{**ARROW, "kind": "scribble"}]},
        {"marks": [{**ARROW, "x1": 1e12}]},
        {"marks": [{**ARROW, "words": "x" * 121}]},
        {"marks": [{**ARROW, "x1": None}]},
        {"scale": {"x1": 0, "y1": 0, "x2": 1, "y2": 0, "length_mm": 0}},
        {"scale": {"x1": 0, "y1": 0, "x2": 1, "y2": 0, "length_mm": 1e9}},
    ],
)
async def test_a_drawing_that_makes_no_sense_is_refused(clinic: Clinic, more: Json) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    answer = await nurse.push_one(drawing(nurse, visit, patient, str(new_id()), more))
    assert (answer["outcome"], answer["code"]) == ("refused", "malformed")


def _digest(file: bytes) -> str:
    return hashlib.sha256(file).hexdigest()
