"""Pushing changes: each is judged alone, once, and answered; nothing bad holds up the rest."""

import json
from uuid import UUID

import pytest

from app.contract.sync import PUSH_MAX_CHANGES
from app.domain.access import Role
from app.domain.audit import Act
from app.domain.ids import new_id
from app.domain.visits import VisitState
from tests.server.given import Clinic, Device, Json, code_of


async def test_a_note_is_kept_once_with_its_audit(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    answer = await nurse.push_one(note)
    assert answer["outcome"] == "accepted"
    assert (answer["record"]["version"], answer["record"]["position"]) == (1, 3)
    assert answer["record"]["document"]["text"] == "Slept well."
    [event] = clinic.audited(Act.NOTE_KEPT)
    assert (event["subject"], event["patient"]) == (note["record"], str(patient))
    assert (event["actor"], event["device"]) == (str(nurse.person.id), str(nurse.id))


async def test_a_repeated_push_changes_nothing(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    first = await nurse.push_one(note)
    reordered = dict(reversed(note.items()))
    for repeated in (note, reordered):
        again = await nurse.push_one(repeated)
        assert again["outcome"] == "already-there"
        assert again["record"] == first["record"]
    assert len(clinic.audited(Act.NOTE_KEPT)) == 1
    assert clinic.sql("SELECT count(*) FROM records WHERE record_type='note'") == [(1,)]


async def test_the_same_change_twice_in_one_push(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    results = (await nurse.push(note, note))["results"]
    assert [result["outcome"] for result in results] == ["accepted", "already-there"]


async def test_another_body_under_a_known_id_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    await nurse.push_one(note)
    other = {**nurse.note(visit, patient, "Something else."), "id": note["id"]}
    answer = await nurse.push_one(other)
    assert (answer["outcome"], answer["code"]) == ("refused", "op-reused")
    assert (await nurse.record(note["record"]))["document"]["text"] == "Slept well."


async def test_an_old_base_version_is_a_conflict_and_shows_what_stands(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    _, visit = clinic.add_visit()
    await nurse.push_one(nurse.move(visit, VisitState.CHECKED_IN, 1))
    late = desk.move(visit, VisitState.IN_VISIT, 1)
    answer = await desk.push_one(late)
    assert (answer["outcome"], answer["code"]) == ("conflict", "conflict")
    assert answer["record"]["version"] == 2
    assert answer["record"]["document"]["state"] == "checked-in"
    again = await desk.push_one(late)
    assert again == answer
    [event] = clinic.audited(Act.CHANGE_CONFLICT)
    assert event["subject"] == str(visit)
    accepted = await desk.push_one(desk.move(visit, VisitState.IN_VISIT, 2))
    assert accepted["record"]["version"] == 3


async def test_a_record_made_twice_is_a_conflict(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    await nurse.push_one(note)
    second = {**nurse.note(visit, patient, "Other"), "record": note["record"]}
    assert (await nurse.push_one(second))["outcome"] == "conflict"


async def test_a_bad_change_among_good_ones_stands_alone(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    good = [nurse.note(visit, patient, f"note {number}") for number in range(3)]
    lost = nurse.note(visit, patient)
    del lost["fields_set"]["text"]
    unknown = {**nurse.note(visit, patient), "record_type": "horoscope"}
    newer = {**nurse.note(visit, patient), "schema_version": 2}
    newer_still = {**nurse.note(visit, patient), "schema_version": 2, "record_type": "horoscope"}
    shapeless = {"id": str(new_id()), "record_type": "note"}
    answer = await nurse.push(
        good[0], lost, unknown, good[1], newer, newer_still, shapeless, good[2]
    )
    told = [(result["outcome"], result["code"]) for result in answer["results"]]
    assert told == [
        ("accepted", None),
        ("refused", "malformed"),
        ("refused", "unknown-record-type"),
        ("accepted", None),
        ("refused", "schema-too-new"),
        ("refused", "schema-too-new"),
        ("refused", "malformed"),
        ("accepted", None),
    ]
    assert len(clinic.audited(Act.CHANGE_REFUSED)) == 5


async def test_what_an_older_server_refused_a_newer_one_takes(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    with monkeypatch.context() as older:
        older.setattr("server.sync.judgement.SCHEMA_VERSION", 0)
        answer = await nurse.push_one(note)
        assert (answer["outcome"], answer["code"]) == ("refused", "schema-too-new")
    assert (await nurse.push_one(note))["outcome"] == "accepted"
    assert (await nurse.push_one(note))["outcome"] == "already-there"


@pytest.mark.parametrize(
    "poison",
    ['"\\ud800"', "NaN", "1e999", "[" * 5000 + "]" * 5000, "9" * 5000],
    ids=["half a character", "not a number", "infinite", "no end of depth", "huge"],
)
async def test_what_no_reader_likes_is_refused_or_kept_readable(
    clinic: Clinic, poison: str
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    good, bad = nurse.note(visit, patient), nurse.note(visit, patient)
    bad["fields_set"]["later_field"] = "POISON"
    body = {"device": str(nurse.id), "changes": [good, bad], "events": []}
    text = json.dumps(body).replace('"POISON"', poison)
    answer = await nurse.http.post("/v1/push", content=text)
    if answer.status_code != 200:  # no JSON at all for this reader
        assert (answer.status_code, code_of(answer)) == (422, "malformed")
    else:
        outcomes = [result["outcome"] for result in answer.json()["results"]]
        assert outcomes == ["accepted", "refused"]
    page = await nurse.feed()
    assert bad["record"] not in {record["record"] for record in page["records"]}


async def test_half_a_character_in_a_known_field_is_refused_alone(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    bad = nurse.note(visit, patient, "half \ud800")
    results = (await nurse.push(bad, nurse.note(visit, patient)))["results"]
    assert [result["outcome"] for result in results] == ["refused", "accepted"]


async def test_fields_of_a_later_release_survive(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    note["fields_set"]["mood"] = {"scale": 3}
    await nurse.push_one(note)
    edit = nurse.change("note", {"text": "Slept badly."}, UUID(note["record"]), 1)
    answer = await nurse.push_one(edit)
    assert answer["record"]["version"] == 2
    assert answer["record"]["document"]["mood"] == {"scale": 3}
    assert answer["record"]["document"]["text"] == "Slept badly."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("written_at", 1_700_000_000),
        ("written_at", "1700000000"),
        ("written_at", "2026-11-21T09:00:00"),
        ("visit", "{VISIT}"),
        ("text", 5),
        ("text", ""),
        ("text", "x" * 20_001),
    ],
)
async def test_what_other_readers_would_not_understand_is_malformed(
    clinic: Clinic, field: str, value: object
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    note["fields_set"][field] = visit.hex if value == "{VISIT}" else value
    answer = await nurse.push_one(note)
    assert (answer["outcome"], answer["code"]) == ("refused", "malformed")


async def test_nobody_writes_in_another_name(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    forged_author = {**nurse.note(visit, patient), "author": str(desk.person.id)}
    forged_body = nurse.note(visit, patient)
    forged_body["fields_set"]["author"] = str(desk.person.id)
    foreign_device = {**nurse.note(visit, patient), "device": str(desk.id)}
    unknown = {**nurse.note(visit, patient), "author": str(new_id())}
    for change in (forged_author, forged_body, foreign_device, unknown):
        answer = await nurse.push_one(change)
        assert (answer["outcome"], answer["code"]) == ("refused", "not-allowed")
    body = {"device": str(desk.id), "changes": [], "events": []}
    answer_403 = await nurse.http.post("/v1/push", json=body)
    assert (answer_403.status_code, code_of(answer_403)) == (403, "device-unknown")


async def test_what_an_earlier_person_wrote_on_this_device_arrives(clinic: Clinic) -> None:
    first = await clinic.nurse()
    patient, visit = clinic.add_visit()
    left_behind = first.note(visit, patient)
    await first.http.post("/v1/sign-out")
    clinic.add_person("nurse-roy", "Nurse Roy", Role.PRESENTER)
    second = await clinic.sign_in("nurse-roy", Role.PRESENTER, first.id, first.key)
    answer = await second.push_one(left_behind)
    assert answer["outcome"] == "accepted"
    assert answer["record"]["document"]["author"] == str(first.person.id)
    [event] = clinic.audited(Act.NOTE_KEPT)
    assert event["actor"] == str(first.person.id)


async def test_a_change_to_nothing_is_not_found(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    answer = await nurse.push_one(nurse.change("note", {"text": "x"}, new_id(), 3))
    assert (answer["outcome"], answer["code"]) == ("refused", "not-found")


async def test_a_record_keeps_its_type(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    posing = {**nurse.note(visit, patient), "record": str(visit), "base_version": 1}
    assert (await nurse.push_one(posing))["code"] == "malformed"


async def test_a_push_that_is_none_is_malformed(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    nameless = nurse.note(visit, patient)
    del nameless["id"]
    too_many = [nurse.note(visit, patient) for _ in range(PUSH_MAX_CHANGES + 1)]
    for body in (
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"device": 5}',
        _json(nurse, [nameless]),
        _json(nurse, too_many),
    ):
        answer = await nurse.http.post("/v1/push", content=body)
        assert (answer.status_code, code_of(answer)) == (422, "malformed")


def _json(device: Device, changes: list[Json]) -> bytes:
    return json.dumps({"device": str(device.id), "changes": changes, "events": []}).encode()
