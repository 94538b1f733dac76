"""The cursor of the feed: whoever has another history is told so, and not served a wrong one."""

import shutil
from pathlib import Path

import httpx
import pytest

from tests.server.given import Clinic, Device, Json, clinic_in, code_of


async def page(device: Device, since: int = 0, cursor: str | None = None) -> httpx.Response:
    params: dict[str, int | str] = {"since": since}
    if cursor is not None:
        params["cursor"] = cursor
    return await device.http.get("/v1/feed", params=params)


async def pushed(device: Device, cursor: str, *changes: Json) -> httpx.Response:
    body = {"device": str(device.id), "changes": list(changes), "cursor": cursor}
    return await device.http.post("/v1/push", json=body)


async def test_a_cursor_leads_on_and_stays_the_same_while_nothing_is_new(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    clinic.add_visit()
    first = (await page(nurse)).json()
    then = (await page(nurse, first["until"], first["cursor"])).json()
    assert (then["records"], then["cursor"]) == ([], first["cursor"])
    assert then["epoch"] == first["epoch"]


@pytest.mark.parametrize("spoil", ["x.y", "", "nothing", "{payload}.AAAA", "{payload}"])
async def test_a_forged_cursor_is_refused(clinic: Clinic, spoil: str) -> None:
    nurse = await clinic.nurse()
    clinic.add_visit()
    first = (await page(nurse)).json()
    forged = spoil.format(payload=first["cursor"].split(".")[0])
    answer = await page(nurse, first["until"], forged)
    assert (answer.status_code, code_of(answer)) == (409, "cursor-refused")
    assert code_of(await pushed(nurse, forged)) == "cursor-refused"


async def test_a_cursor_is_good_for_its_own_device_and_place_alone(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    clinic.add_visit()
    first = (await page(nurse)).json()
    assert code_of(await page(doctor, first["until"], first["cursor"])) == "cursor-refused"
    assert code_of(await page(nurse, first["until"] - 1, first["cursor"])) == "cursor-refused"


async def test_who_stood_at_the_head_is_not_told_of_its_own_changes_again(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    at = (await page(nurse)).json()
    for words in ("one", "two"):
        answer = (await pushed(nurse, at["cursor"], nurse.note(visit, patient, words))).json()
        there = answer["leads_to"]
        assert (there["since"], there["until"]) == (at["until"], at["until"] + 1)
        assert there["until"] == answer["results"][0]["record"]["position"]
        assert (there["records"], there["has_more"]) == ([], False)
        at = there
    nothing = (await page(nurse, at["until"], at["cursor"])).json()
    assert (nothing["records"], nothing["cursor"]) == ([], at["cursor"])


async def test_who_has_not_heard_of_others_is_told_of_all(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    at = (await page(nurse)).json()
    await doctor.push(doctor.note(visit, patient, "meanwhile"))
    answer = (await pushed(nurse, at["cursor"], nurse.note(visit, patient))).json()
    assert answer["results"][0]["outcome"] == "accepted"
    assert answer["leads_to"] is None
    then = (await page(nurse, at["until"], at["cursor"])).json()
    assert len(then["records"]) == 2


async def test_a_push_that_changed_nothing_leads_nowhere(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    first = (await pushed(nurse, (await page(nurse)).json()["cursor"], note)).json()
    again = (await pushed(nurse, first["leads_to"]["cursor"], note)).json()
    assert again["results"][0]["outcome"] == "already-there"
    assert again["leads_to"] is None


async def test_an_earlier_release_asks_without_a_cursor(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    clinic.add_visit()
    assert len((await page(nurse)).json()["records"]) == 2


async def test_after_a_restart_the_cursor_holds_and_a_push_looks_first(tmp_path: Path) -> None:
    async with clinic_in(tmp_path / "data") as clinic:
        nurse = await clinic.nurse()
        patient, visit = clinic.add_visit()
        first = (await page(nurse)).json()
    async with clinic_in(tmp_path / "data") as again:
        nurse.http = again.client(headers=nurse.http.headers)
        note = nurse.note(visit, patient)
        assert code_of(await pushed(nurse, first["cursor"], note)) == "cursor-refused"
        then = (await page(nurse, first["until"], first["cursor"])).json()
        assert then["epoch"] != first["epoch"]
        assert (await pushed(nurse, then["cursor"], note)).json()["results"][0]["outcome"] == (
            "accepted"
        )


async def test_a_server_put_back_from_a_backup_is_found_out_whatever_came_since(
    tmp_path: Path,
) -> None:
    folder, backup = tmp_path / "data", tmp_path / "backup.db"
    async with clinic_in(folder) as clinic:
        nurse = await clinic.nurse()
        patient, visit = clinic.add_visit()
    shutil.copyfile(clinic.settings.database, backup)
    async with clinic_in(folder) as clinic:
        nurse.http = clinic.client(headers=nurse.http.headers)
        await nurse.push_one(nurse.note(visit, patient))
        seen = (await page(nurse)).json()
    backup.replace(clinic.settings.database)
    async with clinic_in(folder) as back:
        nurse.http = back.client(headers=nurse.http.headers)
        for _ in range(3):  # its positions reach those that were seen
            await nurse.push_one(nurse.note(visit, patient))
        answer = await page(nurse, seen["until"], seen["cursor"])
        assert (answer.status_code, code_of(answer)) == (409, "cursor-refused")
