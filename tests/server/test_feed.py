"""The feed: every record as it stands, in the order of one writer, none lost between writers."""

import asyncio

import httpx

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.visits import VisitState
from app.runtime.tasks import TaskOwner
from tests.server.given import Clinic, Device

PUSHERS = 16
NOTES_EACH = 12


async def test_a_changed_record_moves_to_the_end(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.push_one(nurse.note(visit, patient))
    first = await nurse.feed()
    assert [record["position"] for record in first["records"]] == [1, 2, 3]
    assert (first["since"], first["until"], first["has_more"]) == (0, 3, False)
    await nurse.push_one(nurse.move(visit, VisitState.CHECKED_IN, 1))
    then = await nurse.feed(since=first["until"])
    [moved] = then["records"]
    assert (moved["record"], moved["position"], moved["version"]) == (str(visit), 4, 2)
    whole = await nurse.feed()
    assert [record["position"] for record in whole["records"]] == [1, 3, 4]


async def test_a_record_is_told_as_it_was_answered(clinic: Clinic) -> None:
    """The feed tells the text that is kept; the answer to a push is put together anew."""
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    texts = [
        'a "word" \\ and a line\n',
        "Übelkeit, \N{GRINNING FACE}, \u2028",
        '"records":[]',
        "}]}",
    ]
    notes = [nurse.note(visit, patient, text) for text in texts]
    notes[0]["fields_set"]["of a later release"] = {"deep": [1.5, None, True, "\x7f"]}
    answer = await nurse.push(*notes)
    answered = [result["record"] for result in answer["results"]]
    told = {record["record"]: record for record in (await nurse.feed())["records"]}
    assert [told[record["record"]] for record in answered] == answered
    assert [record["document"]["text"] for record in answered] == texts


async def test_pages_join_without_gap_or_overlap(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    await nurse.push(*(nurse.note(visit, patient, f"{number}") for number in range(8)))
    seen, since, pages = [], 0, 0
    while True:
        page = await nurse.feed(since, limit=3)
        assert page["since"] == since
        seen += [record["position"] for record in page["records"]]
        since, pages = page["until"], pages + 1
        if not page["has_more"]:
            break
    assert seen == list(range(1, 11))
    assert pages == 4


async def test_a_delivery_is_audited_for_each_patient_and_nothing_new_is_not(
    clinic: Clinic,
) -> None:
    nurse = await clinic.nurse()
    patients = {str(clinic.add_visit()[0]) for _ in range(3)}
    page = await nurse.feed()
    delivered = clinic.audited(Act.RECORDS_DELIVERED)
    assert {event["patient"] for event in delivered} == patients
    assert len(delivered) == 3
    assert {event["actor"] for event in delivered} == {str(nurse.person.id)}
    empty = await nurse.feed(page["until"])
    assert (empty["records"], empty["until"]) == ([], page["until"])
    assert len(clinic.audited(Act.RECORDS_DELIVERED)) == 3


async def test_odd_questions_are_malformed(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    for params in ({"since": -1}, {"since": "x"}, {"limit": 0}, {"limit": 501}, {"since": 2**63}):
        answer = await nurse.http.get("/v1/feed", params=params)
        assert answer.status_code == 422


async def test_a_visit_added_beside_the_running_server_is_in_the_feed(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    until = (await nurse.feed())["until"]
    _, visit = clinic.add_visit()  # through a connection of its own, as the command does
    later = await nurse.feed(until)
    assert str(visit) in [record["record"] for record in later["records"]]


async def test_sixteen_pushers_and_a_reader_that_misses_nothing(clinic: Clinic) -> None:
    patient, visit = clinic.add_visit()
    clinic.add_person("nurse-kim", "Nurse Kim", Role.PRESENTER)
    devices = [await clinic.sign_in("nurse-kim", Role.PRESENTER) for _ in range(PUSHERS)]
    reader = await clinic.sign_in("nurse-kim", Role.PRESENTER)
    notes = [[device.note(visit, patient) for _ in range(NOTES_EACH)] for device in devices]
    expected = {note["record"] for own in notes for note in own}
    async with clinic.on_a_socket() as address, asyncio.timeout(30), TaskOwner("pushers") as tasks:
        for device in (*devices, reader):
            headers = {"Authorization": device.http.headers["Authorization"]}
            device.http = httpx.AsyncClient(base_url=f"http://{address}", headers=headers)
        seen: list[str] = []
        since = (await reader.feed())["until"]
        for device, own in zip(devices, notes, strict=True):
            tasks.start(_push_one_by_one(device, own), "pusher")
        while len(seen) < len(expected):
            page = await reader.feed(since)
            since = page["until"]
            seen += [record["record"] for record in page["records"]]
        for device in (*devices, reader):
            await device.http.aclose()
    assert sorted(seen) == sorted(expected)  # each once
    positions = [row[0] for row in clinic.sql("SELECT position FROM records ORDER BY position")]
    assert positions == list(range(1, len(expected) + 3))
    numbers = [row[0] for row in clinic.sql("SELECT number FROM audit_log ORDER BY number")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(clinic.audited(Act.NOTE_KEPT)) == len(expected)


async def _push_one_by_one(device: Device, notes: list[dict[str, object]]) -> None:
    for note in notes:
        answer = await device.push_one(note)
        assert answer["outcome"] == "accepted"
