"""Removing what was entered in error: it is nowhere, everybody is told, the audit knows who."""

from uuid import UUID

import pytest

from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.ids import new_id
from app.domain.visits import VisitState
from server.commands import remove_record
from tests.server.given import Clinic
from tests.server.test_erasing import FILE, NAME, all_bytes_of, kept_recording
from tests.server.test_program import run

SECRET = "said about somebody else altogether"


def remove(clinic: Clinic, record: UUID | str) -> int:
    return remove_record(clinic.settings, UUID(str(record))).records


async def test_a_note_is_nowhere_and_each_reader_hears_of_it(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient, SECRET)
    await nurse.push_one(note)
    page = await nurse.feed()
    assert SECRET.encode() in all_bytes_of(clinic)
    assert remove(clinic, note["record"]) == 1
    assert SECRET.encode() not in all_bytes_of(clinic)
    then = await nurse.feed(page["until"])
    gone = [{"patient": str(patient), "record": note["record"], "reason": "removed"}]
    assert (then["records"], then["gone"]) == ([], gone)
    [event] = clinic.audited(Act.RECORD_REMOVED)
    assert (event["subject"], event["patient"]) == (note["record"], str(patient))


async def test_sent_again_it_does_not_come_back(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient, SECRET)
    await nurse.push_one(note)
    remove(clinic, note["record"])
    again = await nurse.push_one(note)
    assert (again["outcome"], again["record"]) == ("already-there", None)
    edit = nurse.change("note", {"text": "more"}, UUID(note["record"]), 1)
    assert (await nurse.push_one(edit))["code"] == "not-found"
    assert SECRET.encode() not in all_bytes_of(clinic)


async def test_a_recording_goes_with_its_file(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    change = await kept_recording(clinic, nurse)
    remove(clinic, change["record"])
    left = all_bytes_of(clinic)
    assert FILE[:1000] not in left
    answer = await nurse.http.get(f"/v1/files/{NAME}")
    assert answer.status_code == 410


async def test_a_visit_goes_with_all_that_is_of_it(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.push(*(nurse.note(visit, patient, f"{number}") for number in range(3)))
    since = (await nurse.feed())["until"]
    assert remove(clinic, visit) == 4
    page = await nurse.feed(since)
    assert len(page["gone"]) == 4
    assert {record["record"] for record in (await nurse.feed())["records"]} == {str(patient)}


async def test_a_patient_goes_as_one(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.push_one(nurse.note(visit, patient))
    since = (await nurse.feed())["until"]
    assert remove(clinic, patient) == 3
    page = await nurse.feed(since)
    assert page["gone"] == [{"patient": str(patient), "record": None, "reason": "removed"}]
    assert (await nurse.feed())["records"] == []


async def test_a_running_visit_is_not_removed_nor_what_is_not_there(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    patient, visit = clinic.add_visit()
    await doctor.push_one(doctor.move(visit, VisitState.IN_VISIT, 1))
    for record, code in ((patient, Code.NOT_ALLOWED), (new_id(), Code.NOT_FOUND)):
        with pytest.raises(Rejected) as refused:
            remove(clinic, record)
        assert refused.value.code is code


async def test_pages_hold_no_more_than_was_asked_for(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.push(*(nurse.note(visit, patient, f"{number}") for number in range(7)))
    since = (await nurse.feed())["until"]
    remove(clinic, visit)
    seen = []
    while True:
        page = await nurse.feed(since, limit=3)
        assert len(page["gone"]) <= 3
        seen += [gone["record"] for gone in page["gone"]]
        since = page["until"]
        if not page["has_more"]:
            break
    assert len(set(seen)) == len(seen) == 8


async def test_by_hand_it_is_asked_first(clinic: Clinic) -> None:
    patient, _ = clinic.add_visit()
    words = ("--data", clinic.settings.data, "remove-record", "--record", str(patient))
    assert run(*words, typed="no\n").code != 0
    assert clinic.document(patient)
    said = run(*words, typed="REMOVE\n")
    assert (said.code, said.out.splitlines()[-1]) == (0, "removed: 2 records, 0 files")
    assert not clinic.document(patient)
