"""Moves of a visit, by whom, and what no change may set."""

import pytest

from app.domain.audit import Act
from app.domain.visits import VisitState
from tests.server.given import Clinic


async def test_a_visit_from_booked_to_signed(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    steps = [
        (nurse, VisitState.CHECKED_IN),
        (desk, VisitState.IN_VISIT),
        (desk, VisitState.FINISHED),
        (desk, VisitState.SIGNED),
    ]
    for version, (device, state) in enumerate(steps, start=1):
        answer = await device.push_one(device.move(visit, state, version))
        assert answer["outcome"] == "accepted"
        assert answer["record"]["document"]["state"] == str(state)
    moved = clinic.audited(Act.VISIT_MOVED)
    assert [event["actor"] for event in moved] == [str(device.person.id) for device, _ in steps]
    assert {event["patient"] for event in moved} == {str(patient)}


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (VisitState.FINISHED, "state-move-not-allowed"),
        (VisitState.INTERRUPTED, "state-move-not-allowed"),
        (VisitState.BOOKED, "state-move-not-allowed"),
        (VisitState.CHECKED_IN, "not-allowed"),
    ],
)
async def test_moves_that_are_not_in_the_table(
    clinic: Clinic, state: VisitState, code: str
) -> None:
    desk = await clinic.doctor()
    _, visit = clinic.add_visit()
    answer = await desk.push_one(desk.move(visit, state, 1))
    assert (answer["outcome"], answer["code"]) == ("refused", code)


async def test_a_presenter_finishes_no_visit(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    _, visit = clinic.add_visit()
    await nurse.push_one(nurse.move(visit, VisitState.IN_VISIT, 1))
    answer = await nurse.push_one(nurse.move(visit, VisitState.FINISHED, 2))
    assert (answer["outcome"], answer["code"]) == ("refused", "not-allowed")


async def test_what_no_change_may_set(clinic: Clinic) -> None:
    desk, nurse = await clinic.doctor(), await clinic.nurse()
    patient, visit = clinic.add_visit()
    at = "2026-11-21T09:00:00+00:00"
    for fields in (
        {"interrupted_since": at},
        {"patient": str(patient)},
        {"starts_at": at},
        {"checked_in_at": at},
        {"clinician": str(nurse.person.id)},
    ):
        answer = await desk.push_one(desk.change("visit", fields, visit, 1))
        assert (answer["outcome"], answer["code"]) == ("refused", "not-allowed"), fields
    new = desk.change("visit", {"patient": str(patient), "starts_at": at, "state": "booked"})
    assert (await desk.push_one(new))["code"] == "not-allowed"
    renamed = desk.change("patient", {"family_name": "Roe"}, patient, 1)
    assert (await desk.push_one(renamed))["code"] == "not-allowed"


async def test_checking_in_says_when_and_a_clinician_takes_the_visit(clinic: Clinic) -> None:
    desk, nurse = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    at = "2026-11-21T08:55:00+00:00"
    here = nurse.change("visit", {"state": "checked-in", "checked_in_at": at}, visit, 1)
    assert (await nurse.push_one(here))["record"]["document"]["checked_in_at"] == at
    mine = {"state": "in-visit", "clinician": str(desk.person.id)}
    answer = await desk.push_one(desk.change("visit", mine, visit, 2))
    assert answer["record"]["document"]["clinician"] == str(desk.person.id)


async def test_a_check_in_that_arrives_late_is_said_once_and_by_who_may(clinic: Clinic) -> None:
    desk, nurse = await clinic.doctor(), await clinic.nurse()
    _, visit = clinic.add_visit()
    late = {"checked_in_at": "2026-11-21T08:55:00+00:00"}
    assert (await nurse.push_one(nurse.change("visit", late, visit, 1)))["code"] == "not-allowed"
    await desk.push_one(desk.move(visit, VisitState.IN_VISIT, 1))
    assert (await desk.push_one(desk.change("visit", late, visit, 2)))["code"] == "not-allowed"
    said = await nurse.push_one(nurse.change("visit", late, visit, 2))
    assert said["record"]["document"]["checked_in_at"] == late["checked_in_at"]
    assert said["record"]["document"]["state"] == "in-visit"
    again = {"checked_in_at": "2026-11-21T08:57:00+00:00"}
    assert (await nurse.push_one(nurse.change("visit", again, visit, 3)))["code"] == "not-allowed"


async def test_a_move_under_another_patient_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    _, visit = clinic.add_visit()
    stranger, _ = clinic.add_visit()
    wrong = {**nurse.move(visit, VisitState.CHECKED_IN, 1), "patient": str(stranger)}
    assert (await nurse.push_one(wrong))["code"] == "wrong-patient"
