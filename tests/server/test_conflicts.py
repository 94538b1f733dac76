"""Two changes that cannot both stand: both are kept, everybody sees them, a person decides."""

from uuid import UUID

from app.domain.audit import Act
from tests.server.given import Clinic, Device, Json


def allergies(device: Device, patient: UUID, words: str, base_version: int = 1) -> Json:
    change = device.change("patient", {"allergies": words}, patient, base_version)
    return {**change, "patient": str(patient)}


def decision(device: Device, conflict: Json, words: str | None) -> Json:
    resolution = None
    if words is not None:
        resolution = {
            "take": "mine",
            "fields": {"allergies": words},
            "before": {"allergies": "Penicillin"},
            "by": str(device.person.id),
            "by_name": device.person.name,
            "at": "2026-11-21T09:05:00+00:00",
        }
    change = device.change(
        "conflict", {"resolution": resolution}, UUID(conflict["record"]), conflict["version"]
    )
    return {**change, "patient": conflict["patient"]}


async def in_conflict(clinic: Clinic) -> tuple[Device, Device, Json, Json]:
    """The doctor's word stands; the nurse's is kept beside it."""
    doctor, nurse = await clinic.doctor(), await clinic.nurse()
    patient, _ = clinic.add_visit()
    theirs = allergies(doctor, patient, "Penicillin")
    mine = allergies(nurse, patient, "Latex")
    assert (await doctor.push_one(theirs))["outcome"] == "accepted"
    return doctor, nurse, mine, await nurse.push_one(mine)


async def test_both_versions_are_in_everybodys_feed(clinic: Clinic) -> None:
    doctor, nurse, mine, answer = await in_conflict(clinic)
    assert (answer["outcome"], answer["code"]) == ("conflict", "conflict")
    assert answer["record"]["document"]["allergies"] == "Penicillin"
    found = await doctor.record(mine["id"])
    assert found == answer["conflict"]
    document = found["document"]
    assert document["base"] == {"allergies": ""}
    assert document["mine"]["fields"] == {"allergies": "Latex"}
    assert document["theirs"]["fields"] == {"allergies": "Penicillin"}
    assert document["mine"]["by_name"] == nurse.person.name
    assert document["theirs"]["by_name"] == doctor.person.name
    assert document["mine"]["device"] == str(nurse.id)
    assert document["resolution"] is None


async def test_told_twice_it_is_the_same_conflict_also_when_it_would_stand_now(
    clinic: Clinic,
) -> None:
    doctor, nurse, mine, answer = await in_conflict(clinic)
    patient = UUID(mine["record"])
    assert (await doctor.push_one(allergies(doctor, patient, "", 2)))["outcome"] == "accepted"
    again = await nurse.push_one(mine)
    assert (again["outcome"], again["conflict"]) == ("conflict", answer["conflict"])
    assert clinic.document(patient)["allergies"] == ""
    assert len(clinic.audited(Act.CHANGE_CONFLICT)) == 1


async def test_a_person_decides_and_may_open_it_again(clinic: Clinic) -> None:
    doctor, _, _, answer = await in_conflict(clinic)
    decided = await doctor.push_one(decision(doctor, answer["conflict"], "Latex"))
    assert decided["outcome"] == "accepted"
    assert decided["record"]["document"]["resolution"]["take"] == "mine"
    opened = await doctor.push_one(decision(doctor, decided["record"], None))
    assert opened["record"]["document"]["resolution"] is None
    assert clinic.audited(Act.CONFLICT_RESOLVED)
    assert clinic.audited(Act.CONFLICT_REOPENED)


async def test_the_second_decision_comes_too_late(clinic: Clinic) -> None:
    doctor, nurse, _, answer = await in_conflict(clinic)
    late = decision(nurse, answer["conflict"], "Latex")
    await doctor.push_one(decision(doctor, answer["conflict"], "Penicillin"))
    refused = await nurse.push_one(late)
    assert (refused["outcome"], refused["conflict"]) == ("conflict", None)


async def test_nobody_decides_in_anothers_name_or_rewrites_what_was_said(clinic: Clinic) -> None:
    doctor, nurse, _, answer = await in_conflict(clinic)
    forged = decision(doctor, answer["conflict"], "Latex")
    forged["fields_set"]["resolution"]["by"] = str(nurse.person.id)
    assert (await doctor.push_one(forged))["code"] == "not-allowed"
    record = UUID(answer["conflict"]["record"])
    rewritten = doctor.change("conflict", {"mine": {"fields": {}}}, record, 1)
    assert (await doctor.push_one(rewritten))["code"] == "not-allowed"


async def test_other_fields_are_merged_and_who_a_patient_is_is_not_touched(clinic: Clinic) -> None:
    doctor, nurse = await clinic.doctor(), await clinic.nurse()
    patient, _ = clinic.add_visit()
    title = nurse.change("patient", {"title": "Mrs"}, patient, 1)
    await doctor.push_one(allergies(doctor, patient, "Penicillin"))
    assert (await nurse.push_one(title))["outcome"] == "accepted"
    stands = clinic.document(patient)
    assert (stands["title"], stands["allergies"]) == ("Mrs", "Penicillin")
    renamed = doctor.change("patient", {"family_name": "Roe"}, patient, 3)
    assert (await doctor.push_one(renamed))["code"] == "not-allowed"
