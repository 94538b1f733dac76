"""Who sees whom: a clinic's people its patients, a care team's people the team's, nobody others."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy import Connection

from app.contract.bodies import PatientBody, VisitBody
from app.domain.access import Role
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.visits import VisitState
from server import scopes
from server.database import write_once
from server.patients.service import add_patient
from server.scopes import ScopeKind
from server.visits.service import add_visit
from tests.server.given import Clinic, Device, Json, code_of

ResultT = TypeVar("ResultT")


def by_hand(clinic: Clinic, work: Callable[[Connection], ResultT]) -> ResultT:
    """As a command beside the running server does it."""
    return write_once(clinic.settings.database, work)


def new_scope(clinic: Clinic, kind: ScopeKind, name: str) -> UUID:
    return by_hand(clinic, lambda c: scopes.add_scope(c, kind, name, clinic.clock.now()))


def home(clinic: Clinic) -> UUID:
    return by_hand(clinic, scopes.home_clinic)


def patient_of(clinic: Clinic, scope: UUID) -> tuple[PatientId, VisitId]:
    patient, visit = PatientId(new_id()), VisitId(new_id())
    body = PatientBody(family_name="Doe", given_name="Ana", born=None, record_number="R-2")
    booked = VisitBody(patient=patient, starts_at=clinic.clock.now(), state=VisitState.BOOKED)

    def write(connection: Connection) -> None:
        add_patient(connection, patient, body, clinic.clock.now(), scope)
        add_visit(connection, visit, booked, clinic.clock.now())

    by_hand(clinic, write)
    return patient, visit


def enters(clinic: Clinic, patient: PatientId, scope: UUID) -> None:
    by_hand(clinic, lambda c: scopes.put_patient(c, patient, scope, clinic.clock.now()))


def leaves(clinic: Clinic, patient: PatientId, scope: UUID) -> None:
    by_hand(clinic, lambda c: scopes.take_patient(c, patient, scope, clinic.clock.now()))


def comes_in(clinic: Clinic, device: Device, scope: UUID) -> None:
    who = device.person.id
    by_hand(clinic, lambda c: scopes.put_person(c, who, scope, clinic.clock.now()))


def goes(clinic: Clinic, device: Device, scope: UUID) -> None:
    who = device.person.id
    by_hand(clinic, lambda c: scopes.take_person(c, who, scope, clinic.clock.now()))


async def asked(device: Device, **params: str | int) -> Json:
    answer = await device.http.get("/v1/feed", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def patients_in(page: Json) -> set[str]:
    return {record["patient"] for record in page["records"]}


async def test_the_feed_tells_of_ones_own_patients_alone(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    ours, _ = clinic.add_visit()
    other = new_scope(clinic, ScopeKind.CLINIC, "Hill")
    theirs, _ = patient_of(clinic, other)
    page = await nurse.feed()
    assert patients_in(page) == {str(ours)}
    assert page["until"] == 4  # over what is not hers: she is not told twice that nothing is new
    told = {event["patient"] for event in clinic.audited(Act.RECORDS_DELIVERED)}
    assert told == {str(ours)}
    comes_in(clinic, nurse, other)
    assert patients_in(await nurse.feed()) == {str(ours), str(theirs)}


async def test_a_first_load_brings_ones_own_patients_alone(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    ours, _ = clinic.add_visit()
    patient_of(clinic, new_scope(clinic, ScopeKind.CLINIC, "Hill"))
    found, load = set(), ""
    for _ in range(10):
        page = await asked(nurse, since=0, load=load, limit=1)
        found |= patients_in(page)
        if page["load"] is None:
            break
        load = page["load"]
    assert found == {str(ours)}


async def test_one_who_comes_in_is_told_whole_and_one_who_leaves_as_gone(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    hill = new_scope(clinic, ScopeKind.CLINIC, "Hill")
    patient, visit = patient_of(clinic, hill)
    before = await nurse.feed()
    assert before["records"] == []
    enters(clinic, patient, home(clinic))
    page = await asked(nurse, since=before["until"], cursor=before["cursor"])
    assert [record["record"] for record in page["records"]] == [str(patient), str(visit)]
    leaves(clinic, patient, home(clinic))
    then = await asked(nurse, since=page["until"], cursor=page["cursor"])
    gone = [{"patient": str(patient), "record": None, "reason": "out-of-scope"}]
    assert (then["records"], then["gone"]) == ([], gone)
    nothing = await asked(nurse, since=then["until"], cursor=then["cursor"])
    assert (nothing["gone"], nothing["until"]) == ([], then["until"])
    acts = [clinic.audited(act) for act in (Act.PATIENT_ENTERED_SCOPE, Act.PATIENT_LEFT_SCOPE)]
    assert [events[-1]["patient"] for events in acts] == [str(patient)] * 2


async def test_who_sees_the_patient_by_another_way_is_not_told_that_they_went(
    clinic: Clinic,
) -> None:
    nurse = await clinic.nurse()
    patient, _ = clinic.add_visit()
    team = new_scope(clinic, ScopeKind.CARE_TEAM, "Hearts")
    comes_in(clinic, nurse, team)
    enters(clinic, patient, team)
    before = await nurse.feed()
    leaves(clinic, patient, home(clinic))
    page = await asked(nurse, since=before["until"], cursor=before["cursor"])
    assert page["gone"] == []
    with pytest.raises(Rejected):
        leaves(clinic, patient, team)  # nobody would see them


async def test_a_team_is_of_people_of_several_clinics(clinic: Clinic) -> None:
    doctor, nurse = await clinic.doctor(), await clinic.nurse()
    hill = new_scope(clinic, ScopeKind.CLINIC, "Hill")
    comes_in(clinic, doctor, hill)
    goes(clinic, doctor, home(clinic))
    patient, visit = clinic.add_visit()
    assert patients_in(await doctor.feed()) == set()
    team = new_scope(clinic, ScopeKind.CARE_TEAM, "Hearts")
    comes_in(clinic, doctor, team)
    enters(clinic, patient, team)
    assert patients_in(await doctor.feed()) == {str(patient)}
    assert patients_in(await nurse.feed()) == {str(patient)}
    assert (await doctor.push_one(doctor.note(visit, patient)))["outcome"] == "accepted"


async def test_whoever_sees_others_now_loads_anew(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    clinic.add_visit()
    page = await nurse.feed()
    comes_in(clinic, nurse, new_scope(clinic, ScopeKind.CARE_TEAM, "Hearts"))
    cursor = {"since": page["until"], "cursor": page["cursor"]}
    answer = await nurse.http.get("/v1/feed", params=cursor)
    assert (answer.status_code, code_of(answer)) == (409, "scope-changed")
    loaded = await asked(nurse, since=0, load="")
    assert loaded["scope"] != page["scope"]


async def test_under_other_scopes_a_push_leads_nowhere(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    at = (await nurse.http.get("/v1/feed")).json()

    async def pushed(cursor: str) -> Json:
        changes = [nurse.note(visit, patient)]
        body = {"device": str(nurse.id), "changes": changes, "cursor": cursor}
        answer: Json = (await nurse.http.post("/v1/push", json=body)).json()
        return answer

    first = await pushed(at["cursor"])
    comes_in(clinic, nurse, new_scope(clinic, ScopeKind.CARE_TEAM, "Hearts"))
    then = await pushed(first["leads_to"]["cursor"])
    assert then["results"][0]["outcome"] == "accepted"
    assert then["leads_to"] is None


async def test_a_load_that_was_begun_under_other_scopes_begins_anew(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    for _ in range(2):
        clinic.add_visit()
    begun = await asked(nurse, since=0, load="", limit=1)
    comes_in(clinic, nurse, new_scope(clinic, ScopeKind.CARE_TEAM, "Hearts"))
    answer = await nurse.http.get("/v1/feed", params={"since": 0, "load": begun["load"]})
    assert code_of(answer) == "scope-changed"


async def test_nobody_writes_about_a_patient_whom_they_do_not_see(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = patient_of(clinic, new_scope(clinic, ScopeKind.CLINIC, "Hill"))
    good_patient, good_visit = clinic.add_visit()
    new = nurse.note(visit, patient)
    moved = nurse.move(visit, VisitState.CHECKED_IN, 1)
    good = nurse.note(good_visit, good_patient)
    results = (await nurse.push(new, moved, good))["results"]
    assert [result["code"] for result in results] == ["out-of-scope", "out-of-scope", None]
    assert [result["record"] for result in results[:2]] == [None, None]


async def test_what_was_written_while_the_patient_was_seen_is_taken_later_again(
    clinic: Clinic,
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    hill = new_scope(clinic, ScopeKind.CLINIC, "Hill")
    enters(clinic, patient, hill)
    leaves(clinic, patient, home(clinic))
    note = nurse.note(visit, patient)
    assert (await nurse.push_one(note))["code"] == "out-of-scope"
    enters(clinic, patient, home(clinic))
    assert (await nurse.push_one(note))["outcome"] == "accepted"


async def test_a_change_sent_again_tells_nothing_of_a_patient_who_left(clinic: Clinic) -> None:
    """Its answer was lost; meanwhile others wrote about the patient, in a clinic of their own."""
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, _ = clinic.add_visit()
    first = nurse.change("patient", {"allergies": "latex"}, patient, 1)
    assert (await nurse.push_one(first))["outcome"] == "accepted"
    late = {
        **nurse.change("patient", {"allergies": "none"}, patient, 1),
        "previous": {"allergies": "a word that never stood there"},
    }
    assert (await nurse.push_one(late))["outcome"] == "conflict"
    hill = new_scope(clinic, ScopeKind.CLINIC, "Hill")
    comes_in(clinic, doctor, hill)
    enters(clinic, patient, hill)
    leaves(clinic, patient, home(clinic))
    theirs = doctor.change("patient", {"title": "of the hill"}, patient, 2)
    stands = (await doctor.push_one(theirs))["record"]
    again, conflict = (await nurse.push(first, late))["results"]
    assert (again["outcome"], again["record"]) == ("already-there", None)
    assert again["position"] == stands["position"]
    assert (conflict["outcome"], conflict["record"], conflict["conflict"]) == (
        "conflict",
        None,
        None,
    )
    enters(clinic, patient, home(clinic))
    again = await nurse.push_one(first)
    assert again["record"]["document"]["title"] == "of the hill"
    assert again["position"] is None


async def test_whoever_sits_at_a_desk_hears_nothing_of_its_last_persons_patients(
    clinic: Clinic,
) -> None:
    """The nurse wrote it, signed out and left it unsent; at her desk sits one of another clinic."""
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    hill = new_scope(clinic, ScopeKind.CLINIC, "Hill")
    comes_in(clinic, doctor, hill)
    goes(clinic, doctor, home(clinic))
    there = await clinic.sign_in("dr-lin", Role.CLINICIAN, nurse.id, nurse.key)
    [fresh] = (await there.push(note))["results"]
    assert (fresh["outcome"], fresh["record"]) == ("accepted", None)
    assert fresh["position"] > 0


async def test_the_audit_and_call_reports_of_others_are_not_read(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    patient, _ = patient_of(clinic, new_scope(clinic, ScopeKind.CLINIC, "Hill"))
    ours, _ = clinic.add_visit()
    answer = await doctor.http.get("/v1/audit/events", params={"patient": str(patient)})
    assert code_of(answer) == "out-of-scope"
    rows = (await doctor.http.get("/v1/audit/events")).json()["rows"]
    told = {row["event"]["patient"] for row in rows}
    assert str(patient) not in told
    assert str(ours) in told


async def test_names_of_scopes_are_said_once(clinic: Clinic) -> None:
    new_scope(clinic, ScopeKind.CLINIC, "  Hill   Road ")
    for name, code in (("Hill Road", Code.NOT_ALLOWED), ("  ", Code.MALFORMED)):
        with pytest.raises(Rejected) as refused:
            new_scope(clinic, ScopeKind.CLINIC, name)
        assert refused.value.code is code
    told = by_hand(clinic, scopes.told_scopes)
    assert [one.scope.name for one in told] == ["Clinic", "Hill Road"]


async def test_a_person_of_no_scope_sees_nobody(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    clinic.add_visit()
    goes(clinic, nurse, home(clinic))
    assert (await nurse.feed())["records"] == []
    again = await clinic.sign_in("nurse-kim", Role.PRESENTER, nurse.id, nurse.key)
    assert again.signed_in["scope"] != nurse.signed_in["scope"]
