"""Steps and reports of calls: by the side that measured, once, and read by who may."""

from typing import Any

import httpx
import pytest

from app.domain.audit import Act
from app.domain.ids import PatientId, VisitId
from tests.server.given import Clinic, Device, Json, code_of

ONE = {"median": 42.0, "p95": 80.5, "worst": 310.0, "n": 90}


def step(by: Device, visit: VisitId, patient: PatientId, **more: Any) -> Json:
    fields = {
        "visit": str(visit),
        "patient": str(patient),
        "side": str(by.person.role),
        "step": "voice",
        "reason": "slow",
        "carries_bit_s": 60_000,
        "at": "2026-11-21T09:02:00+00:00",
        "author": str(by.person.id),
        "author_name": by.person.name,
    }
    return by.change("ladder-step", {**fields, **more})


def report(by: Device, visit: VisitId, patient: PatientId, **more: Any) -> Json:
    fields = {
        "visit": str(visit),
        "patient": str(patient),
        "side": str(by.person.role),
        "began_at": "2026-11-21T09:00:00+00:00",
        "ended_at": "2026-11-21T09:20:00+00:00",
        "contact_s": 1180.5,
        "drops": 1,
        "rejoins": 1,
        "ladder_steps": 4,
        "lowest_step": "voice",
        "freezes": 3,
        "path": None,
        "figures": {"round-trip-ms": ONE},
        "author": str(by.person.id),
        "author_name": by.person.name,
    }
    return by.change("call-report", {**fields, **more})


async def asked(by: Device, **query: str) -> httpx.Response:
    return await by.http.get("/v1/call-reports", params=query)


async def test_a_step_is_written_once_and_reaches_everybody(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    change = step(nurse, visit, patient)
    assert (await nurse.push_one(change))["outcome"] == "accepted"
    assert (await nurse.push_one(change))["outcome"] == "already-there"
    page = await doctor.feed()
    [seen] = [one for one in page["records"] if one["record_type"] == "ladder-step"]
    assert seen["document"]["step"] == "voice" and seen["visit"] == str(visit)
    [event] = clinic.audited(Act.LADDER_STEPPED)
    assert (event["actor"], event["subject"]) == (str(nurse.person.id), change["record"])
    again = {**step(nurse, visit, patient), "record": change["record"], "base_version": 1}
    again["previous"] = change["fields_set"]
    assert (await nurse.push_one(again))["code"] == "not-allowed"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"side": "clinician"}, "not-allowed"),
        ({"step": "attic"}, "malformed"),
        ({"reason": None}, "malformed"),
        ({"carries_bit_s": -1}, "malformed"),
        ({"author": "01a1fda0-c791-711d-aa0b-000000000001"}, "not-allowed"),
    ],
)
async def test_a_step_that_does_not_fit_is_refused(
    clinic: Clinic, more: dict[str, Any], code: str
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    assert (await nurse.push_one(step(nurse, visit, patient, **more)))["code"] == code


@pytest.mark.parametrize("make", [step, report])
async def test_it_must_be_the_visits_own_patient(clinic: Clinic, make: Any) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    stranger, _ = clinic.add_visit()
    assert (await nurse.push_one(make(nurse, visit, stranger)))["code"] == "wrong-patient"
    assert clinic.sql("SELECT count(*) FROM call_reports") == [(0,)]
    assert (await nurse.push_one(make(nurse, visit, patient)))["outcome"] == "accepted"


async def test_reports_are_found_by_time_and_visit(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    other_patient, other = clinic.add_visit()
    late = {"began_at": "2026-11-22T09:00:00+00:00", "ended_at": "2026-11-22T09:10:00+00:00"}
    changes = [
        report(nurse, visit, patient, **late),
        report(nurse, other, other_patient),
        report(doctor, visit, patient),
    ]
    assert (await nurse.push_one(changes[0]))["outcome"] == "accepted"
    assert (await nurse.push_one(changes[0]))["outcome"] == "already-there"
    await nurse.push_one(changes[1])
    await doctor.push_one(changes[2])

    async def found(**query: str) -> list[str]:
        answer = (await asked(doctor, **query)).json()
        assert not answer["has_more"]
        return [one["record"] for one in answer["reports"]]

    everything = await found()
    assert set(everything) == {change["record"] for change in changes}
    assert everything[-1] == changes[0]["record"], "oldest first"
    assert await found(visit=str(other)) == [changes[1]["record"]]
    assert await found(**{"from": "2026-11-22T00:00:00+00:00"}) == [changes[0]["record"]]
    assert set(await found(to="2026-11-22T00:00:00+00:00")) == set(everything[:2])
    [shown] = (await asked(doctor, visit=str(other))).json()["reports"]
    assert shown["report"]["figures"] == {"round-trip-ms": ONE}
    assert len(clinic.audited(Act.CALL_REPORTS_READ)) == 5


async def test_who_may_not_read_them_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    assert code_of(await asked(nurse)) == "not-allowed"
    assert clinic.audited(Act.CALL_REPORTS_READ) == []


@pytest.mark.parametrize(
    "more",
    [
        {"ended_at": "2026-11-21T08:00:00+00:00"},
        {"drops": -1},
        {"contact_s": -0.5},
        {"figures": {"round-trip-ms": {**ONE, "median": 1e13}}},
        {"figures": {"round-trip-ms": 42}},
        {"figures": {str(number): ONE for number in range(65)}},
        {"lowest_step": "attic"},
    ],
)
async def test_a_report_that_does_not_fit_is_refused(clinic: Clinic, more: dict[str, Any]) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    assert (await nurse.push_one(report(nurse, visit, patient, **more)))["code"] == "malformed"
    assert clinic.sql("SELECT count(*) FROM call_reports") == [(0,)]
