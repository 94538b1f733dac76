"""Files by their hash, and the recordings that point to them."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from app.domain.audit import Act
from app.domain.ids import PatientId, VisitId
from server.settings import FILE_MAX_BYTES
from tests.server.given import Clinic, Device, Json, clinic_in, code_of

KEY = base64.b64encode(bytes(range(32))).decode()


def recording(
    by: Device, visit: VisitId, patient: PatientId, file: bytes, more: Json | None = None
) -> Json:
    fields = {
        "visit": str(visit),
        "patient": str(patient),
        "kind": "stethoscope",
        "site": "apex",
        "sample_rate_hz": 4000,
        "samples": 40_000,
        "sha256": "1" * 64,
        "recorded_at": "2026-11-21T09:00:00+00:00",
        "recorded_by": str(by.person.id),
        "source": "synthetic",
        "file_sha256": hashlib.sha256(file).hexdigest(),
        "file_key": KEY,
        "file_bytes": len(file),
        "is_complete": True,
    }
    return by.change("recording", {**fields, **(more or {})})


async def test_a_file_is_put_once_and_fetched_by_others(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    data = os.urandom(3_000_000)
    digest = hashlib.sha256(data).hexdigest()
    path = f"/v1/files/{digest}"
    missing = await nurse.http.get(path)
    assert (missing.status_code, code_of(missing)) == (404, "not-found")
    assert (await nurse.http.head(path)).status_code == 404
    assert (await nurse.http.put(path, content=data)).status_code == 201
    assert (await nurse.http.put(path, content=data)).status_code == 204
    asked = await desk.http.head(path)
    assert (asked.status_code, asked.headers["content-length"]) == (200, "3000000")
    fetched = await desk.http.get(path)
    assert fetched.content == data
    assert len(clinic.audited(Act.FILE_STORED)) == 1
    [event] = clinic.audited(Act.FILE_FETCHED)
    assert event["actor"] == str(desk.person.id)


async def test_other_bytes_than_the_name_says_are_not_kept(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    digest = hashlib.sha256(b"promised").hexdigest()
    answer = await nurse.http.put(f"/v1/files/{digest}", content=b"delivered")
    assert (answer.status_code, code_of(answer)) == (422, "hash-mismatch")
    assert (await nurse.http.head(f"/v1/files/{digest}")).status_code == 404
    assert _files_in(clinic) == []


async def test_names_that_are_no_hash_lead_nowhere(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    for name in ("0" * 63, "A" * 64, "..%2f..%2fserver.key", "x"):
        answer = await nurse.http.get(f"/v1/files/{name}")
        assert answer.status_code in (404, 422), name
        assert code_of(answer) in ("malformed", "not-found")


async def test_a_file_too_large_is_refused_by_its_word_and_by_its_bytes(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    path = f"/v1/files/{'0' * 64}"
    said = {"Content-Length": str(FILE_MAX_BYTES + 1)}
    answer = await nurse.http.put(path, content=b"", headers=said)
    assert (answer.status_code, code_of(answer)) == (413, "too-large")
    block = bytes(8 * 1024 * 1024)

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(FILE_MAX_BYTES // len(block) + 1):
            yield block

    answer = await nurse.http.put(path, content=endless())
    assert (answer.status_code, code_of(answer)) == (413, "too-large")
    assert _files_in(clinic) == []


async def test_a_recording_waits_for_its_file(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    file = os.urandom(5000)
    change = recording(nurse, visit, patient, file)
    for _ in range(2):
        early = await nurse.push_one(change)
        assert (early["outcome"], early["code"]) == ("refused", "not-found")
    assert len(clinic.audited(Act.CHANGE_REFUSED)) == 1
    await nurse.put_file(file)
    assert (await nurse.push_one(change))["outcome"] == "accepted"
    assert (await nurse.push_one(change))["outcome"] == "already-there"
    delivered = await desk.record(change["record"])
    assert delivered["document"] == change["fields_set"]
    await desk.http.get(f"/v1/files/{change['fields_set']['file_sha256']}")
    [event] = clinic.audited(Act.FILE_FETCHED)
    assert (event["subject"], event["patient"]) == (change["record"], str(patient))


async def test_the_key_of_a_file_is_nowhere_in_the_open(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    file = os.urandom(100)
    await nurse.put_file(file)
    await nurse.push_one(recording(nurse, visit, patient, file))
    clinic.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in clinic.settings.data.iterdir():
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


async def test_a_recording_that_contradicts_its_file_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    stranger, _ = clinic.add_visit()
    file = os.urandom(100)
    await nurse.put_file(file)
    for more, code in (
        ({"file_bytes": 99}, "hash-mismatch"),
        ({"file_key": "short"}, "malformed"),
        ({"file_key": base64.b64encode(bytes(16)).decode()}, "malformed"),
        ({"patient": str(stranger)}, "wrong-patient"),
    ):
        answer = await nurse.push_one(recording(nurse, visit, patient, file, more))
        assert (answer["outcome"], answer["code"]) == ("refused", code)


async def test_what_a_stop_cut_short_is_cleared_away(tmp_path: Path) -> None:
    incoming = tmp_path / "data" / "files" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "half").write_bytes(b"half")
    async with clinic_in(tmp_path / "data"):
        assert list(incoming.iterdir()) == []


def _files_in(clinic: Clinic) -> list[Path]:
    return [path for path in (clinic.settings.data / "files").rglob("*") if path.is_file()]
