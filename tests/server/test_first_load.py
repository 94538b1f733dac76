"""A first load: everything once, today's patients first, resumed after anything, then the feed."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection

from app.contract.bodies import PatientBody, VisitBody
from app.contract.sync import NEXT_PAGE, FeedOut, following_in
from app.domain.changes import FeedCursor
from app.domain.ids import PatientId, VisitId, new_id
from app.domain.visits import VisitState
from server.database import write_once
from server.patients.service import add_patient
from server.visits.service import add_visit
from tests.server.given import Clinic, Device, Json, code_of


def booked(clinic: Clinic, days_from_now: int) -> PatientId:
    patient, visit = PatientId(new_id()), VisitId(new_id())
    body = PatientBody(family_name="Doe", given_name="Ana", born=None, record_number="R")
    starts = clinic.clock.now() + timedelta(days=days_from_now)
    of_visit = VisitBody(patient=patient, starts_at=starts, state=VisitState.BOOKED)

    def write(connection: Connection) -> None:
        add_patient(connection, patient, body, clinic.clock.now())
        add_visit(connection, visit, of_visit, clinic.clock.now())

    write_once(clinic.settings.database, write)
    return patient


async def load(device: Device, text: str, limit: int = 2) -> Json:
    answer = await device.http.get("/v1/feed", params={"since": 0, "limit": limit, "load": text})
    assert answer.status_code == 200, answer.text
    page = FeedOut.model_validate_json(answer.content)
    following = following_in(answer.headers.get(NEXT_PAGE), FeedCursor(0, None, text))
    if page.has_more:
        assert following == FeedCursor(page.until, page.cursor, page.load)
    else:
        assert following is None
    return dict(answer.json())


async def pages(device: Device, text: str = "") -> list[Json]:
    found = [await load(device, text)]
    while found[-1]["load"] is not None:
        found.append(await load(device, found[-1]["load"]))
    return found


async def test_todays_patients_come_first_and_everybody_comes(clinic: Clinic) -> None:
    later, today = booked(clinic, 30), booked(clinic, 0)
    others = [booked(clinic, -20) for _ in range(3)]
    nurse = await clinic.nurse()
    found = await pages(nurse)
    patients = [UUID(record["patient"]) for page in found for record in page["records"]]
    assert patients[:2] == [today, today]
    assert set(patients) == {later, today, *others}
    assert [page["until"] for page in found[:-1]] == [0] * (len(found) - 1)
    assert found[-1]["until"] == 10
    assert found[-1]["cursor"] is not None


async def test_what_changes_meanwhile_comes_by_the_feed(clinic: Clinic) -> None:
    patient = booked(clinic, 0)
    nurse = await clinic.nurse()
    begun = await load(nurse, "", limit=1)
    change = nurse.change("patient", {"title": "Mrs"}, patient, 1)
    await nurse.push_one({**change, "patient": str(patient)})
    last = (await pages(nurse, begun["load"]))[-1]
    assert (last["until"], last["has_more"]) == (2, True)  # the load is over, and the feed goes on
    params: dict[str, int | str] = {"since": last["until"], "cursor": last["cursor"]}
    then = (await nurse.http.get("/v1/feed", params=params)).json()
    assert [record["document"]["title"] for record in then["records"]] == ["Mrs"]


async def test_asked_again_a_page_is_the_same(clinic: Clinic) -> None:
    for _ in range(3):
        booked(clinic, 0)
    nurse = await clinic.nurse()
    first = await load(nurse, "")
    one, other = await load(nurse, first["load"]), await load(nurse, first["load"])
    assert one["head"] != other["head"]  # each delivery is told to the audit
    assert {**one, "head": None} == {**other, "head": None}


async def test_anothers_place_is_refused(clinic: Clinic) -> None:
    for _ in range(3):
        booked(clinic, 0)
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    text = (await load(nurse, ""))["load"]
    for device, place in ((doctor, text), (nurse, text[:-8] + "AAAAAAA=")):
        answer = await device.http.get("/v1/feed", params={"since": 0, "load": place})
        assert (answer.status_code, code_of(answer)) == (409, "cursor-refused")


async def test_an_empty_server_is_loaded_at_once(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    [page] = await pages(nurse)
    assert (page["records"], page["until"], page["has_more"]) == ([], 0, False)
