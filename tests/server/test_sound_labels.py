"""Marks on body sounds at the server: the right patient, their author, never edited."""

from typing import Any
from uuid import UUID

import pytest

from app.domain.ids import PatientId, VisitId, new_id
from tests.server.given import Clinic, Device, Json


def label(by: Device, visit: VisitId, patient: PatientId, **more: Any) -> Json:
    fields: Json = {
        "visit": str(visit),
        "patient": str(patient),
        "recording": str(new_id()),
        "at_sample": 800,
        "to_sample": 1600,
        "kind": "murmur",
        "text": "",
        "author": str(by.person.id),
        "author_name": by.person.name,
        "made_at": "2026-11-21T09:00:00+00:00",
        **more,
    }
    return by.change("sound-label", fields)


async def outcome(by: Device, change: Json) -> tuple[str, str | None]:
    answer = await by.push_one(change)
    return answer["outcome"], answer.get("code")


async def test_both_sides_mark_also_before_the_recording_is_there(clinic: Clinic) -> None:
    patient, visit = clinic.add_visit()
    for by in (await clinic.nurse(), await clinic.doctor()):
        assert (await outcome(by, label(by, visit, patient)))[0] == "accepted"
        kind = "a-later-word"
        assert (await outcome(by, label(by, visit, patient, kind=kind)))[0] == "accepted"


async def test_it_must_be_the_visits_own_patient_and_its_authors(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    stranger, _ = clinic.add_visit()
    assert await outcome(nurse, label(nurse, visit, stranger)) == ("refused", "wrong-patient")
    other = str(new_id())
    found = await outcome(nurse, label(nurse, visit, patient, author=other))
    assert found[0] == "refused"


async def test_its_author_withdraws_it_and_nobody_edits_it(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    made = label(nurse, visit, patient)
    await nurse.push_one(made)
    record = UUID(made["record"])
    for fields in ({"text": "other"}, {"at_sample": 1}, {"is_withdrawn": False}):
        edit = nurse.change("sound-label", fields, record, 1)
        assert await outcome(nurse, edit) == ("refused", "not-allowed")
    theirs = doctor.change("sound-label", {"is_withdrawn": True}, record, 1)
    assert (await outcome(doctor, theirs))[0] == "refused"
    own = nurse.change("sound-label", {"is_withdrawn": True}, record, 1)
    assert (await outcome(nurse, own))[0] == "accepted"


@pytest.mark.parametrize(
    "more", [{"at_sample": -1}, {"text": "x" * 5000}, {"made_at": "yesterday"}]
)
async def test_what_is_no_mark_is_refused(clinic: Clinic, more: Json) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    assert (await outcome(nurse, label(nurse, visit, patient, **more)))[0] == "refused"
