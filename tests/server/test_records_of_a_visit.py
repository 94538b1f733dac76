"""Notes, messages and readings: for the right patient, by whom, and what is never changed."""

from collections.abc import Callable
from uuid import UUID

import pytest

from app.domain.audit import Act
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.visits import VisitState
from tests.server.given import Clinic, Device, Json


def message(device: Device, visit: VisitId, patient: PatientId) -> Json:
    note = device.note(visit, patient, "On my way.")
    return {**note, "record_type": "message"}


def reading(
    by: Device,
    visit: VisitId,
    patient: PatientId,
    systolic: str = "128",
    more: Json | None = None,
) -> Json:
    fields = {
        "visit": str(visit),
        "patient": str(patient),
        "quantities": [
            {"kind": "systolic-mmhg", "value": systolic, "unit": "mm[Hg]"},
            {"kind": "diastolic-mmhg", "value": "76", "unit": "mm[Hg]"},
            {"kind": "pulse-per-minute", "value": "71", "unit": "/min"},
        ],
        "device": {"kind": "blood-pressure-cuff", "model": "emulated"},
        "device_time": None,
        "received_at": "2026-11-21T09:00:00+00:00",
        "frame_sha256": "0" * 64,
        "quality": [],
        "kept_at": "2026-11-21T09:00:05+00:00",
        "kept_by": str(by.person.id),
    }
    return by.change("reading", {**fields, **(more or {})})


MAKERS: dict[str, Callable[[Device, VisitId, PatientId], Json]] = {
    "note": Device.note,
    "message": message,
    "reading": reading,
}


@pytest.mark.parametrize("kind", MAKERS)
async def test_it_must_be_the_visits_own_patient(clinic: Clinic, kind: str) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    stranger, other_visit = clinic.add_visit()
    make = MAKERS[kind]
    for wrong in (
        make(nurse, visit, stranger),
        make(nurse, other_visit, patient),
        {**make(nurse, visit, patient), "patient": str(stranger)},
        {**make(nurse, visit, patient), "visit": str(other_visit)},
    ):
        answer = await nurse.push_one(wrong)
        assert (answer["outcome"], answer["code"]) == ("refused", "wrong-patient")
    nowhere = await nurse.push_one(make(nurse, VisitId(new_id()), patient))
    assert (nowhere["outcome"], nowhere["code"]) == ("refused", "not-found")
    assert (await nurse.push_one(make(nurse, visit, patient)))["outcome"] == "accepted"


@pytest.mark.parametrize("kind", ["message", "reading"])
async def test_a_fact_is_never_changed(clinic: Clinic, kind: str) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    change = MAKERS[kind](nurse, visit, patient)
    assert (await nurse.push_one(change))["outcome"] == "accepted"
    edit = nurse.change(kind, change["fields_set"], UUID(change["record"]), 1)
    answer = await nurse.push_one(edit)
    assert (answer["outcome"], answer["code"]) == ("refused", "not-allowed")


async def test_a_note_is_changed_by_its_author_until_the_visit_is_signed(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    await nurse.push_one(note)
    record = UUID(note["record"])
    others = await desk.push_one(desk.change("note", {"text": "Mine now."}, record, 1))
    assert (others["outcome"], others["code"]) == ("refused", "not-allowed")
    own = await nurse.push_one(nurse.change("note", {"text": "Slept badly."}, record, 1))
    assert own["outcome"] == "accepted"
    stolen = nurse.change("note", {"author_name": "Dr Who"}, record, 2)
    assert (await nurse.push_one(stolen))["code"] == "not-allowed"
    for version, state in enumerate(
        (VisitState.IN_VISIT, VisitState.FINISHED, VisitState.SIGNED), start=1
    ):
        moved = await desk.push_one(desk.move(visit, state, version))
        assert moved["outcome"] == "accepted"
    late = await nurse.push_one(nurse.change("note", {"text": "Too late."}, record, 2))
    assert (late["outcome"], late["code"]) == ("refused", "already-signed")
    from_the_outage = await nurse.push_one(nurse.note(visit, patient, "Written offline."))
    assert from_the_outage["outcome"] == "accepted"


@pytest.mark.parametrize(
    ("systolic", "code"),
    [
        ("301", "out-of-range"),
        ("39", "out-of-range"),
        ("76", "systolic-not-above-diastolic"),
        ("80", "pulse-pressure-too-small"),
        ("NaN", "malformed"),
        ("1e2", "malformed"),
    ],
)
async def test_what_may_not_be_kept_is_refused_here_too(
    clinic: Clinic, systolic: str, code: str
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    answer = await nurse.push_one(reading(nurse, visit, patient, systolic))
    assert (answer["outcome"], answer["code"]) == ("refused", code)
    [event] = clinic.audited(Act.CHANGE_REFUSED)
    assert event["code"] == code
    assert systolic not in str(event).replace(event["at"], "").split("'")


async def test_a_number_needs_its_own_unit_and_a_known_kind(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    good = reading(nurse, visit, patient)["fields_set"]["quantities"]
    for quantities in (
        [{**good[0], "unit": "kPa"}, good[1]],
        [*good, good[0]],
        [*good, {"kind": "mood-percent", "value": "50", "unit": "%"}],
    ):
        change = reading(nurse, visit, patient, more={"quantities": quantities})
        assert (await nurse.push_one(change))["code"] == "malformed"
    only_half = reading(nurse, visit, patient, more={"quantities": good[1:]})
    assert (await nurse.push_one(only_half))["code"] == "incomplete"
    strange = reading(nurse, visit, patient, more={"device": {"kind": "toaster", "model": "x"}})
    assert (await nurse.push_one(strange))["code"] == "malformed"
    flagged = reading(nurse, visit, patient, more={"quality": ["haunted"]})
    assert (await nurse.push_one(flagged))["code"] == "malformed"


async def test_a_reading_arrives_as_it_was_sent(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    change = reading(nurse, visit, patient, "131")
    await nurse.push_one(change)
    assert (await desk.record(change["record"]))["document"] == change["fields_set"]
    [event] = clinic.audited(Act.READING_KEPT)
    assert event["subject"] == change["record"]
    assert "131" not in [str(value) for value in event.values()]


async def test_a_temperature_alone_is_a_reading_and_a_cuffs_own_pressure_is_none(
    clinic: Clinic,
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    fever = {
        "device": {"kind": "thermometer", "model": "emulated"},
        "quantities": [{"kind": "temperature-celsius", "value": "38.4", "unit": "Cel"}],
    }
    assert (await nurse.push_one(reading(nurse, visit, patient, more=fever)))["code"] is None
    from_a_cuff = {**fever, "device": {"kind": "blood-pressure-cuff", "model": "emulated"}}
    answer = await nurse.push_one(reading(nurse, visit, patient, more=from_a_cuff))
    assert answer["code"] == "unexpected-quantity"


async def test_whose_it_is_was_said_by_whoever_keeps_it(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    at = "2026-11-21T09:00:05+00:00"
    assigned = {"by": str(desk.person.id), "at": at, "why": "late"}
    stolen = reading(nurse, visit, patient, more={"assigned": assigned})
    assert (await nurse.push_one(stolen))["code"] == "not-allowed"
    own = {**assigned, "by": str(nurse.person.id)}
    change = reading(nurse, visit, patient, more={"assigned": own})
    assert (await nurse.push_one(change))["outcome"] == "accepted"
    assert (await desk.record(change["record"]))["document"]["assigned"] == own


@pytest.mark.parametrize(("number", "averaged"), [(0, []), (1, ["one"])])
async def test_an_average_names_its_readings_and_nothing_else_does(
    clinic: Clinic, number: int, averaged: list[str]
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    names = [str(new_id()) for _ in averaged]
    series = {"id": str(new_id()), "number": number, "is_counted": True, "averaged": names}
    answer = await nurse.push_one(reading(nurse, visit, patient, more={"series": series}))
    assert answer["code"] == "malformed"
    good = {**series, "number": 1 - number}
    fine = await nurse.push_one(reading(nurse, visit, patient, more={"series": good}))
    assert fine["outcome"] == "accepted"


async def test_which_scale_holds_a_clinician_chooses(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    typed = {
        "device": {"kind": "by-hand", "model": ""},
        "quantities": [
            {"kind": "respiration-per-minute", "value": "18", "unit": "/min"},
            {"kind": "spo2-scale", "value": "2", "unit": "1"},
        ],
    }
    answer = await nurse.push_one(reading(nurse, visit, patient, more=typed))
    assert answer["code"] == "not-allowed"
    only_breaths = [{"kind": "respiration-per-minute", "value": "18", "unit": "/min"}]
    without = {**typed, "quantities": only_breaths}
    assert (await nurse.push_one(reading(nurse, visit, patient, more=without)))["code"] is None
    assert (await desk.push_one(reading(desk, visit, patient, more=typed)))["code"] is None
