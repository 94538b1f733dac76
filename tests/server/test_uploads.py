"""Uploads in parts by tus 1.0.0: where one stopped it goes on, and nothing unproven counts."""

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import ClientDisconnect

from app.contract.uploads import PART_MAX_BYTES, PART_TYPE, checksum_of, metadata_of
from app.domain.audit import Act
from server.recordings import uploads
from server.recordings.incoming import KEPT, OF_ONE_DEVICE_MOST
from server.settings import FILE_MAX_BYTES
from tests.server.given import Clinic, Device, clinic_in, code_of
from tests.server.test_recordings import recording

SPEAKS = {"Tus-Resumable": "1.0.0"}
DATA = os.urandom(300_000)
NAME = hashlib.sha256(DATA).hexdigest()
UPLOAD = f"/v1/uploads/{NAME}"


async def begun(device: Device, data: bytes = DATA, byte_count: int | None = None) -> str:
    """-> where its parts go."""
    name = hashlib.sha256(data).hexdigest()
    length = len(data) if byte_count is None else byte_count
    headers = {"Upload-Length": str(length), "Upload-Metadata": metadata_of(name), **SPEAKS}
    answer = await device.http.post("/v1/uploads", headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def sent(
    device: Device, place: str, offset: int, part: bytes, **more: str | None
) -> httpx.Response:
    headers = {
        "Upload-Offset": str(offset),
        "Upload-Checksum": checksum_of(part),
        "Content-Type": PART_TYPE,
        **SPEAKS,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    told = {name: value for name, value in headers.items() if value is not None}
    return await device.http.patch(place, content=part, headers=told)


async def offset_of(device: Device, place: str = UPLOAD) -> int:
    answer = await device.http.head(place, headers=SPEAKS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


async def test_what_is_spoken_here_is_told(clinic: Clinic) -> None:
    told = (await clinic.client().options("/v1/uploads")).headers
    assert told["tus-version"] == told["tus-resumable"] == "1.0.0"
    assert told["tus-extension"] == "creation,checksum,expiration"
    assert told["tus-max-size"] == str(FILE_MAX_BYTES)
    assert "sha1" in told["tus-checksum-algorithm"].split(",")


async def test_a_file_in_three_parts_counts_once_it_is_proven(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    place = await begun(nurse)
    assert place == UPLOAD
    for start in (0, 100_000, 200_000):
        assert (await nurse.http.head(f"/v1/files/{NAME}")).status_code == 404
        answer = await sent(nurse, place, start, DATA[start : start + 100_000])
        assert answer.status_code == 204
        assert answer.headers["upload-offset"] == str(start + 100_000)
        assert answer.headers["upload-expires"].endswith("GMT")
    assert (await nurse.http.head(f"/v1/files/{NAME}")).headers["content-length"] == "300000"
    assert (await desk.http.get(f"/v1/files/{NAME}")).content == DATA
    assert len(clinic.audited(Act.FILE_STORED)) == 1
    gone = await nurse.http.head(place, headers=SPEAKS)
    assert gone.status_code == 404
    assert _uploads_in(clinic) == []


async def test_it_goes_on_where_it_stopped_also_after_the_server_did(tmp_path: Path) -> None:
    async with clinic_in(tmp_path / "data") as clinic:
        nurse = await clinic.nurse()
        await sent(nurse, await begun(nurse), 0, DATA[:120_000])
        device, key = nurse.id, nurse.key
    async with clinic_in(tmp_path / "data") as clinic:
        again = await clinic.sign_in("nurse-kim", nurse.person.role, device, key)
        assert await offset_of(again) == 120_000
        place = await begun(again)  # who lost the place finds it again so
        assert await offset_of(again) == 120_000
        assert (await sent(again, place, 120_000, DATA[120_000:])).status_code == 204
        assert (await again.http.get(f"/v1/files/{NAME}")).content == DATA


async def test_a_stop_before_the_row_was_written_costs_nothing(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    await sent(nurse, place, 0, DATA[:200_000])

    def stops(*_: object) -> None:
        raise OSError("the machine stops here")

    with monkeypatch.context() as until:
        until.setattr("server.recordings.service.add_file", stops)
        assert (await sent(nurse, place, 200_000, DATA[200_000:])).status_code >= 500
    assert (await nurse.http.head(f"/v1/files/{NAME}")).status_code == 404
    place = await begun(nurse)
    assert (await nurse.http.get(f"/v1/files/{NAME}")).content == DATA
    assert _uploads_in(clinic) == []


@pytest.mark.parametrize("at", [0, 99_999, 100_001, 300_000])
async def test_a_part_that_begins_elsewhere_is_refused(clinic: Clinic, at: int) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    await sent(nurse, place, 0, DATA[:100_000])
    answer = await sent(nurse, place, at, DATA[at : at + 10])
    assert (answer.status_code, code_of(answer)) == (409, "offset-wrong")
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert await offset_of(nurse) == 100_000


async def test_a_part_with_another_checksum_leaves_nothing(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    wrong = checksum_of(b"another")
    answer = await sent(nurse, place, 0, DATA[:1000], Upload_Checksum=wrong)
    assert (answer.status_code, code_of(answer)) == (460, "part-damaged")
    assert await offset_of(nurse) == 0
    sha1 = base64.b64encode(hashlib.sha1(DATA[:1000], usedforsecurity=False).digest()).decode()
    assert (
        await sent(nurse, place, 0, DATA[:1000], Upload_Checksum=f"sha1 {sha1}")
    ).status_code == 204
    assert await offset_of(nurse) == 1000


@pytest.mark.parametrize("checksum", ["md5 AAAA", "sha256 AAAA", "sha256 ?", "sha256"])
async def test_a_checksum_of_no_known_kind_is_refused(clinic: Clinic, checksum: str) -> None:
    nurse = await clinic.nurse()
    answer = await sent(nurse, await begun(nurse), 0, b"part", Upload_Checksum=checksum)
    assert answer.status_code == 400
    assert await offset_of(nurse) == 0


async def test_other_bytes_than_the_name_says_never_count(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    forged = DATA[:-1] + bytes([DATA[-1] ^ 1])
    answer = await sent(nurse, place, 0, forged)
    assert (answer.status_code, code_of(answer)) == (422, "hash-mismatch")
    assert (await nurse.http.head(f"/v1/files/{NAME}")).status_code == 404
    assert _uploads_in(clinic) == []
    assert (await sent(nurse, await begun(nurse), 0, DATA)).status_code == 204
    assert (await nurse.http.get(f"/v1/files/{NAME}")).content == DATA


async def test_more_than_was_said_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    answer = await sent(nurse, place, 0, DATA + b"x")
    assert (answer.status_code, code_of(answer)) == (413, "too-large")
    assert await offset_of(nurse) == 0
    headers = {"Upload-Metadata": metadata_of(NAME), **SPEAKS}
    for length, status in ((str(FILE_MAX_BYTES + 1), 413), ("0", 422), ("-1", 400), ("x", 400)):
        said = {**headers, "Upload-Length": length}
        assert (await nurse.http.post("/v1/uploads", headers=said)).status_code == status
    part = await sent(nurse, place, 0, bytes(PART_MAX_BYTES + 1))
    assert (part.status_code, code_of(part)) == (413, "too-large")


async def test_what_is_no_tus_is_told_what_is(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    older = await nurse.http.head(place, headers={"Tus-Resumable": "0.2.2"})
    assert (older.status_code, older.headers["tus-version"]) == (412, "1.0.0")
    assert (await nurse.http.head(place)).status_code == 412
    form = await sent(nurse, place, 0, b"x", Content_Type="application/json")
    assert form.status_code == 415
    assert (await sent(nurse, place, 0, b"x", Upload_Offset=None)).status_code == 400
    for metadata in ("", "name YWJj", "sha256 ???", metadata_of("../../server.key")):
        said = {"Upload-Length": "10", "Upload-Metadata": metadata, **SPEAKS}
        assert (await nurse.http.post("/v1/uploads", headers=said)).status_code == 400


async def test_a_part_that_breaks_off_costs_that_part_alone(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    await sent(nurse, place, 0, DATA[:1000])

    async def breaking() -> AsyncIterator[bytes]:
        yield DATA[1000:50_000]
        raise ClientDisconnect  # as a server hears of it

    headers = {"Upload-Offset": "1000", "Content-Type": PART_TYPE, **SPEAKS}
    proven = {**headers, "Upload-Checksum": checksum_of(DATA[1000:100_000])}
    answer = await nurse.http.patch(place, content=breaking(), headers=proven)
    assert (answer.status_code, code_of(answer)) == (422, "malformed")
    assert await offset_of(nurse) == 1000
    await nurse.http.patch(place, content=breaking(), headers=headers)
    assert await offset_of(nurse) == 50_000  # of one without a checksum what came is kept
    assert (await sent(nurse, place, 50_000, DATA[50_000:])).status_code == 204
    assert (await nurse.http.get(f"/v1/files/{NAME}")).content == DATA


async def test_two_devices_with_the_same_file_do_not_meet(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    forged = os.urandom(len(DATA))
    await sent(desk, await begun(desk), 0, forged[:200_000])  # a sick one
    place = await begun(nurse)
    assert await offset_of(nurse) == 0
    await sent(nurse, place, 0, DATA[:150_000])
    assert (await sent(desk, place, 200_000, forged[200_000:])).status_code == 422
    assert (await sent(nurse, place, 150_000, DATA[150_000:])).status_code == 204
    other = await begun(desk)  # one that has it too, and did not ask first
    assert (await sent(desk, other, 0, DATA)).status_code == 204
    assert (await desk.http.get(f"/v1/files/{NAME}")).content == DATA
    assert len(clinic.audited(Act.FILE_STORED)) == 1


async def test_an_upload_that_expired_begins_anew(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    await sent(nurse, place, 0, DATA[:100_000])
    clinic.clock.move(KEPT.total_seconds() - 60)
    nurse = await clinic.sign_in("nurse-kim", nurse.person.role, nurse.id, nurse.key)
    await sent(nurse, place, 100_000, DATA[100_000:200_000])  # each part makes it live on
    clinic.clock.move(KEPT.total_seconds() - 60)
    nurse = await clinic.sign_in("nurse-kim", nurse.person.role, nurse.id, nurse.key)
    assert await offset_of(nurse) == 200_000
    clinic.clock.move(61)
    assert (await nurse.http.head(place, headers=SPEAKS)).status_code == 404
    late = await sent(nurse, place, 200_000, DATA[200_000:])
    assert (late.status_code, code_of(late)) == (404, "not-found")
    assert _uploads_in(clinic) == []
    assert (await sent(nurse, await begun(nurse), 0, DATA)).status_code == 204


async def test_what_the_folder_lost_begins_anew(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    await sent(nurse, place, 0, DATA[:100_000])
    [data] = [path for path in _uploads_in(clinic) if path.suffix == ".data"]
    os.truncate(data, 99_999)
    assert (await nurse.http.head(place, headers=SPEAKS)).status_code == 404
    await sent(nurse, await begun(nurse), 0, DATA[:100_000])
    [state] = [path for path in _uploads_in(clinic) if path.suffix == ".state"]
    state.write_bytes(state.read_bytes()[:-1] + b"\0")
    assert (await nurse.http.head(place, headers=SPEAKS)).status_code == 404
    assert (await sent(nurse, await begun(nurse), 0, DATA)).status_code == 204


async def test_a_device_keeps_only_so_many_begun(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    await begun(desk)
    for number in range(OF_ONE_DEVICE_MOST + 3):
        await begun(nurse, bytes([number]))
    kept = {path.name for path in _uploads_in(clinic)}
    assert len(kept) == 2 * (OF_ONE_DEVICE_MOST + 1)
    assert f"{desk.id.hex}-{NAME}.state" in kept  # nobody loses theirs to another


async def test_a_server_restored_without_its_files_asks_for_them(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    await nurse.put_file(DATA)
    await nurse.push_one(recording(nurse, visit, patient, DATA))
    assert await lacking(nurse, NAME, "0" * 64) == ["0" * 64]
    [stored] = (clinic.settings.data / "files").rglob(NAME)
    stored.unlink()
    for answer in (
        await nurse.http.head(f"/v1/files/{NAME}"),
        await desk.http.get(f"/v1/files/{NAME}"),
    ):
        assert answer.status_code == 404
    assert await lacking(nurse, NAME) == [NAME]
    assert (await sent(nurse, await begun(nurse), 0, DATA)).status_code == 204
    assert (await desk.http.get(f"/v1/files/{NAME}")).content == DATA
    assert await lacking(nurse, NAME) == []


async def test_a_fetch_in_many_ranges_is_one_fetch(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    await nurse.put_file(DATA)
    fetched = bytearray()
    while len(fetched) < len(DATA):
        said = {"Range": f"bytes={len(fetched)}-{len(fetched) + 70_000 - 1}"}
        answer = await desk.http.get(f"/v1/files/{NAME}", headers=said)
        assert answer.status_code == 206
        assert answer.headers["content-range"].endswith("/300000")
        assert answer.headers["etag"] == f'"{NAME}"'
        fetched += answer.content
    assert fetched == DATA
    past = await desk.http.get(f"/v1/files/{NAME}", headers={"Range": "bytes=300000-"})
    assert past.status_code == 416
    assert len(clinic.audited(Act.FILE_FETCHED)) == 1
    clinic.clock.move(301)
    await desk.http.get(f"/v1/files/{NAME}", headers={"Range": "bytes=299999-"})
    assert len(clinic.audited(Act.FILE_FETCHED)) == 2


async def test_who_may_keep_nothing_may_upload_nothing(clinic: Clinic) -> None:
    stranger = clinic.client(headers={"Authorization": "Bearer nonsense"})
    said = {"Upload-Length": "10", "Upload-Metadata": metadata_of(NAME), **SPEAKS}
    assert (await stranger.post("/v1/uploads", headers=said)).status_code == 401
    assert (await stranger.head(UPLOAD, headers=SPEAKS)).status_code == 401
    assert (await stranger.post("/v1/lacking-files", json={"files": []})).status_code == 401


async def lacking(device: Device, *names: str) -> list[str]:
    answer = await device.http.post("/v1/lacking-files", json={"files": list(names)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["files"])


def _uploads_in(clinic: Clinic) -> list[Path]:
    return list((clinic.settings.data / "files" / "uploads").iterdir())


async def test_more_parts_at_once_than_are_held_come_later(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    nurse = await clinic.nurse()
    place = await begun(nurse)
    monkeypatch.setattr(uploads, "PARTS_HELD_MOST", 0)
    answer = await sent(nurse, place, 0, DATA)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    monkeypatch.undo()
    assert (await sent(nurse, place, 0, DATA)).status_code == 204
