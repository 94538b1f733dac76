"""Whatever is sent, the answer is a problem body with a code, and never what was sent."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.contract.wire import REQUEST_ID
from server import border
from server.settings import JSON_MAX_BYTES
from tests.server.given import Clinic, code_of

SECRET = "s3cret-word-of-the-patient"


async def test_unknown_paths_and_methods(clinic: Clinic) -> None:
    http = clinic.client()
    answer = await http.get("/nowhere")
    assert (answer.status_code, code_of(answer)) == (404, "not-found")
    answer = await http.get("/v1/sign-in")
    assert (answer.status_code, code_of(answer)) == (405, "not-found")
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"' + SECRET.encode(),
        f'{{"username": "{SECRET}"}}'.encode(),
        b'{"username": "\\ud800", "password": "x"}',
        b"[" * 100_000,
    ],
)
async def test_a_body_that_does_not_fit_is_not_repeated(clinic: Clinic, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await clinic.client().post("/v1/sign-in", content=body, headers=headers)
    assert code_of(answer) == "malformed"
    assert answer.status_code in (400, 422)
    assert SECRET not in answer.text


async def test_a_body_too_large_is_refused_by_its_word(clinic: Clinic) -> None:
    answer = await clinic.client().post("/v1/sign-in", content=b"x" * (JSON_MAX_BYTES + 1))
    assert (answer.status_code, code_of(answer)) == (413, "too-large")


async def test_a_body_too_large_is_refused_by_its_bytes(clinic: Clinic) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:  # the server stops reading, not the sender
            yield b"x" * 65_536

    answer = await clinic.client().post("/v1/push", content=endless())
    assert (answer.status_code, code_of(answer)) == (413, "too-large")


async def test_a_body_too_slow_is_refused_as_such(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(border, "BODY_LIMIT_S", 0.0)

    async def dripping() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await clinic.client().post("/v1/push", content=dripping())
    assert (answer.status_code, code_of(answer)) == (408, "too-slow")


async def test_no_answer_is_kept_on_the_way(clinic: Clinic) -> None:
    answer = await clinic.client().get("/v1/health")
    assert answer.headers["cache-control"] == "no-store"


async def test_each_answer_names_the_question(clinic: Clinic) -> None:
    for path in ("/v1/health", "/v1/feed", "/v1/nothing"):
        answer = await clinic.client().get(path, headers={REQUEST_ID: f"asked for {path}"})
        assert answer.headers[REQUEST_ID] == f"asked for {path}"
    assert REQUEST_ID not in (await clinic.client().get("/v1/health")).headers


async def test_a_defect_is_a_server_error_without_words(
    clinic: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError(SECRET)

    clinic.api.add_api_route("/broken", fail)
    answer = await clinic.client().get("/broken")
    assert (answer.status_code, code_of(answer)) == (500, "server-error")
    assert SECRET not in answer.text
    assert "ZeroDivisionError" in caplog.text


async def test_a_database_that_cannot_work_now_is_told_as_busy(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    clinic.sql("ALTER TABLE ops RENAME TO ops_elsewhere")
    patient, visit = clinic.add_visit()
    body = {"device": str(desk.id), "changes": [desk.note(visit, patient)], "events": []}
    answer = await desk.http.post("/v1/push", json=body)
    assert (answer.status_code, code_of(answer)) == (503, "server-error")
    assert answer.headers["Retry-After"] == "1"
    clinic.sql("ALTER TABLE ops_elsewhere RENAME TO ops")
    assert (await desk.http.post("/v1/push", json=body)).json()["results"][0]["outcome"] == (
        "accepted"
    )
