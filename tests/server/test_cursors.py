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
