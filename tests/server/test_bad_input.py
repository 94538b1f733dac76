"""Input of a sick or hostile device: refused alone, and nobody else is held up by it."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.contract.sync import FeedOut, PushOut
from app.domain.failures import Code, Unavailable
from server.judging import DOCUMENT_MAX_BYTES, DOCUMENT_MAX_DEPTH
from server.patience import PatientProtocol
from server.recordings import arriving
from server.recordings.shelf import Shelf
from server.sync import service as sync_service
from server.workers import Workers
from tests.server.given import Clinic, Json, code_of


async def _outcome(clinic: Clinic, **fields: Any) -> tuple[str, str | None]:
    """Of a note with these fields besides its own; the feed stays readable for the others."""
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    note["fields_set"].update(fields)
    answer = await nurse.push(note)
    PushOut.model_validate_json(json.dumps(answer))
    feed = await nurse.http.get("/v1/feed")
    FeedOut.model_validate_json(feed.content)
    [result] = answer["results"]
    return result["outcome"], result["code"]


def _nested(levels: int) -> Any:
    return json.loads("[" * levels + "]" * levels)


@pytest.mark.parametrize("written_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_time_that_no_screen_could_show_is_malformed(
    clinic: Clinic, written_at: str
) -> None:
    assert await _outcome(clinic, written_at=written_at) == ("refused", "malformed")


@pytest.mark.parametrize("levels", [DOCUMENT_MAX_DEPTH, 198, 900])
async def test_a_document_too_deep_for_its_readers_is_malformed(
    clinic: Clinic, levels: int
) -> None:
    assert await _outcome(clinic, later=_nested(levels)) == ("refused", "malformed")


async def test_a_field_of_a_later_release_may_be_of_some_depth(clinic: Clinic) -> None:
    assert await _outcome(clinic, later=_nested(DOCUMENT_MAX_DEPTH - 2)) == ("accepted", None)


async def test_a_document_that_grows_without_end_is_too_large(clinic: Clinic) -> None:
    assert await _outcome(clinic, later="x" * DOCUMENT_MAX_BYTES) == ("refused", "too-large")


async def test_the_longest_note_fits_however_it_is_written(clinic: Clinic) -> None:
    assert await _outcome(clinic, text="\U0001f600" * 20_000) == ("accepted", None)


async def test_a_page_of_the_feed_is_bounded_and_leaves_nothing_out(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_service, "FEED_MAX_BYTES", 10_000)
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    notes = [nurse.note(visit, patient, "long " * size) for size in (1, 1500, 1500, 4000, 1)]
    await nurse.push(*notes)
    found, since, sizes = [], 0, []
    while True:
        page = await nurse.feed(since)
        found += [item["record"] for item in page["records"] if item["record_type"] == "note"]
        sizes.append(len(page["records"]))
        since = page["until"]
        if not page["has_more"]:
            break
    assert found == [note["record"] for note in notes]
    assert all(sizes) and len(sizes) == 4  # a record larger than a page goes alone


async def test_an_event_at_no_time_stops_its_own_chain_and_no_change(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    event = nurse.event()
    event["event"]["at"] = "0001-01-01T00:00:00+14:00"
    answer = await nurse.push(nurse.note(visit, patient), events=(event,))
    assert [result["outcome"] for result in answer["results"]] == ["accepted"]
    assert answer["events_until"] == 0


async def test_a_question_about_no_time_is_malformed(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    times = {"from": "0001-01-01T00:00:00+14:00", "to": "9999-12-31T23:59:59-14:00"}
    answer = await doctor.http.get("/v1/audit/events", params=times)
    assert (answer.status_code, code_of(answer)) == (422, "malformed")


@pytest.mark.parametrize(
    "fields",
    [
        {"base_version": 7},
        {"base_version": -1},
        {"base_version": 2**70},
        {"counter": 2**70},
        {"device_time": "0001-01-01T00:00:00+14:00"},
        {"device_time": 1e300},
        {"offset_ms": 1e308, "uncertainty_ms": 1.0},
        {"fields_set": None},
        {"fields_set": {}},
        {"record_type": ["note"]},
        {"author": None},
        {"schema_version": 2**70},
    ],
)
async def test_tricks_with_the_change_itself_are_refused_alone(
    clinic: Clinic, fields: Json
) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    bad = {**nurse.note(visit, patient), **fields}
    answer = await nurse.push(bad, nurse.note(visit, patient))
    outcomes = [result["outcome"] for result in answer["results"]]
    assert outcomes == ["refused", "accepted"]
    assert answer["results"][0]["code"] != "server-error"


async def test_a_thousand_pushes_in_a_row(clinic: Clinic) -> None:
    """Ten by ten, each sent twice: all there, once, in one sound chain."""
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    sent: set[str] = set()
    for _ in range(100):
        notes = [nurse.note(visit, patient) for _ in range(10)]
        sent |= {note["record"] for note in notes}
        answers = await asyncio.gather(nurse.push(*notes), nurse.push(*notes))
        first, second = ([r["outcome"] for r in answer["results"]] for answer in answers)
        assert sorted({*first, *second}) == ["accepted", "already-there"]
    assert clinic.sql("SELECT count(*) FROM records WHERE record_type = 'note'") == [(1000,)]
    assert {row[0] for row in clinic.sql("SELECT id FROM records")} >= sent


# --- files and sockets -------------------------------------------------------------------------


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_disk_that_takes_no_more_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    async def blocks() -> AsyncIterator[bytes]:
        yield b"half of it"

    workers = Workers("files", 1, 1)
    shelf = Shelf(tmp_path, workers)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(Unavailable) as told:
            await shelf.take_in("a" * 64, blocks())
    workers.close()
    assert told.value.code is Code.SERVER_FULL
    assert files_in(tmp_path) == []


async def test_a_file_that_drips_is_not_waited_for(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "BLOCK_LIMIT_S", 0.05)
    nurse = await clinic.nurse()

    async def drops() -> AsyncIterator[bytes]:
        while True:  # each in time, and never an end
            await asyncio.sleep(0.01)
            yield b"x"

    answer = await nurse.http.put(f"/v1/files/{'a' * 64}", content=drops())
    assert (answer.status_code, code_of(answer)) == (422, "malformed")


async def test_who_connects_and_asks_nothing_is_let_go(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PatientProtocol, "head_limit_s", 0.2)
    async with clinic.on_a_socket() as address, httpx.AsyncClient() as other:
        host, port = address.split(":")
        silent, half = [await asyncio.open_connection(host, int(port)) for _ in range(2)]
        half[1].write(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n")
        async with asyncio.timeout(5):
            assert await silent[0].read() == b""
            assert await half[0].read() == b""
        again = await asyncio.open_connection(host, int(port))
        again[1].write(b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(5):
            head = await again[0].readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            again[1].write(b"GET /v1/hea")  # half of a second question
            await again[0].read()
        for _, writer in (silent, half, again):
            writer.close()
        assert (await other.get(f"http://{address}/v1/health")).status_code == 200
