"""The one-time code: shown once, worth one account, kept as a hash."""

from pathlib import Path

import pytest

from app.domain.access import Role
from app.domain.audit import Act
from server.opening import open_folder
from server.settings import ServerSettings
from tests.server.given import PASSWORD, Clinic, Json, clinic_in, code_of


def account(code: str | None, username: str = "dr-lin") -> Json:
    return {
        "setup_code": code,
        "username": username,
        "password": PASSWORD,
        "name": "Dr Lin",
        "role": "clinician",
    }


async def test_the_code_makes_one_account_which_signs_in(clinic: Clinic) -> None:
    http = clinic.client()
    assert (await http.get("/v1/health")).json()["has_accounts"] is False
    code = clinic.opened.setup_code
    answer = await http.post("/v1/first-account", json=account(code))
    assert (answer.status_code, answer.json()["name"]) == (201, "Dr Lin")
    desk = await clinic.sign_in("dr-lin", Role.CLINICIAN)
    assert str(desk.person.id) == answer.json()["id"]
    assert (await http.get("/v1/health")).json()["has_accounts"] is True
    again = await http.post("/v1/first-account", json=account(code, "dr-no"))
    assert (again.status_code, code_of(again)) == (403, "setup-code-wrong")
    [event] = clinic.audited(Act.ACCOUNT_ADDED)
    assert event["subject"] == str(desk.person.id)


async def test_it_may_be_typed_as_people_type(clinic: Clinic) -> None:
    assert clinic.opened.setup_code is not None
    typed = clinic.opened.setup_code.lower().replace("-", " ")
    answer = await clinic.client().post("/v1/first-account", json=account(typed))
    assert answer.status_code == 201


async def test_a_wrong_code_is_refused_and_guessing_is_slowed(clinic: Clinic) -> None:
    http = clinic.client()
    for _ in range(5):
        answer = await http.post("/v1/first-account", json=account("0000-0000-0000"))
        assert code_of(answer) == "setup-code-wrong"
    answer = await http.post("/v1/first-account", json=account(clinic.opened.setup_code))
    assert (answer.status_code, code_of(answer)) == (429, "too-many-tries")


async def test_only_its_hash_is_in_the_folder(clinic: Clinic) -> None:
    assert clinic.opened.setup_code is not None
    plain = clinic.opened.setup_code.replace("-", "").encode()
    for path in clinic.settings.data.iterdir():
        if path.is_file():
            data = path.read_bytes()
            assert plain not in data
            assert clinic.opened.setup_code.encode() not in data


async def test_an_account_made_beside_voids_the_code(clinic: Clinic) -> None:
    clinic.add_person("nurse-kim", "Nurse Kim", Role.PRESENTER)
    answer = await clinic.client().post("/v1/first-account", json=account(clinic.opened.setup_code))
    assert code_of(answer) == "setup-code-wrong"


async def test_a_start_without_accounts_gives_a_new_code_and_voids_the_old(
    tmp_path: Path,
) -> None:
    settings = ServerSettings(data=tmp_path)
    first = open_folder(settings).setup_code
    async with clinic_in(tmp_path) as clinic:
        assert clinic.opened.setup_code not in (None, first)
        answer = await clinic.client().post("/v1/first-account", json=account(first))
        assert code_of(answer) == "setup-code-wrong"
        clinic.add_person("nurse-kim", "Nurse Kim", Role.PRESENTER)
    assert open_folder(settings).setup_code is None


@pytest.mark.parametrize("field", ["username", "password", "name", "role"])
async def test_an_account_has_all_its_parts(clinic: Clinic, field: str) -> None:
    body = account(clinic.opened.setup_code)
    body[field] = ""
    answer = await clinic.client().post("/v1/first-account", json=body)
    if field == "name":
        assert answer.status_code in (201, 422)
    else:
        assert code_of(answer) == "malformed"
