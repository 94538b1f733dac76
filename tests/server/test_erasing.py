"""Erasing a file on order: neither its key nor its bytes are anywhere; the audit says so."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest

from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.ids import new_id
from server.commands import erasures
from tests.server.given import Clinic, Device, Json, clinic_in, code_of
from tests.server.test_program import run
from tests.server.test_recordings import KEY, recording
from tests.server.test_uploads import begun, lacking, sent

FILE = os.urandom(50_000)
NAME = hashlib.sha256(FILE).hexdigest()


async def kept_recording(clinic: Clinic, nurse: Device) -> Json:
    patient, visit = clinic.add_visit()
    await nurse.put_file(FILE)
    change = recording(nurse, visit, patient, FILE)
    assert (await nurse.push_one(change))["outcome"] == "accepted"
    return change


def wrapped_keys_of(clinic: Clinic, record: str) -> list[bytes]:
    """As they stand in the file now, to be looked for afterwards."""
    [(document,)] = clinic.sql("SELECT document FROM records WHERE id = ?", record)
    parts = str(document).split('"file_key":"')[1:]
    return [part.split('"')[0].encode() for part in parts]


def all_bytes_of(clinic: Clinic) -> bytes:
    """Database, log, files: everything that lies in the server's folder."""
    paths = clinic.settings.data.rglob("*")
    return b"".join(path.read_bytes() for path in paths if path.is_file())


async def test_key_and_file_are_gone_and_everybody_is_told(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    change = await kept_recording(clinic, nurse)
    seen = await desk.record(change["record"])
    [wrapped] = wrapped_keys_of(clinic, change["record"])
    assert wrapped in all_bytes_of(clinic) and FILE[:1000] in all_bytes_of(clinic)
    clinic.erase(change["record"])
    left = all_bytes_of(clinic)
    assert wrapped not in left and FILE[:1000] not in left
    delivered = await desk.record(change["record"])
    assert delivered["document"] == {**seen["document"], "file_key": ""}
    assert delivered["version"] == seen["version"] + 1
    assert delivered["position"] > seen["position"]
    [event] = clinic.audited(Act.FILE_ERASED)
    assert (event["subject"], event["patient"]) == (change["record"], change["patient"])


async def test_what_was_erased_comes_back_by_no_way(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    change = await kept_recording(clinic, nurse)
    clinic.erase(change["record"])
    for answer in (
        await desk.http.get(f"/v1/files/{NAME}"),
        await nurse.http.put(f"/v1/files/{NAME}", content=FILE),
    ):
        assert (answer.status_code, code_of(answer)) == (410, "file-erased")
    assert (await desk.http.head(f"/v1/files/{NAME}")).status_code == 410
    with pytest.raises(AssertionError, match="file-erased"):
        await begun(nurse, FILE)
    assert await lacking(nurse, NAME) == []
    assert (await nurse.push_one(change))["outcome"] == "already-there"
    delivered = await desk.record(change["record"])
    assert delivered["document"]["file_key"] == ""
    again = recording(nurse, change["visit"], change["patient"], FILE)
    assert (await nurse.push_one(again))["code"] == "not-found"


async def test_an_upload_under_way_ends_at_the_erasing(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    place = await begun(desk, FILE)
    await sent(desk, place, 0, FILE[:20_000])
    change = await kept_recording(clinic, nurse)
    clinic.erase(change["record"])
    assert FILE[:1000] not in all_bytes_of(clinic)
    answer = await sent(desk, place, 20_000, FILE[20_000:])
    assert (answer.status_code, code_of(answer)) == (410, "file-erased")


async def test_the_parts_of_a_messages_file_go_with_their_keys(clinic: Clinic) -> None:
    nurse, desk = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    parts = [os.urandom(3000), os.urandom(2000)]
    keys = [base64.b64encode(os.urandom(32)).decode() for _ in parts]
    names = [await nurse.put_file(part) for part in parts]
    message = nurse.change(
        "message",
        {
            "visit": str(visit),
            "patient": str(patient),
            "text": "The letter",
            "author": str(nurse.person.id),
            "author_name": nurse.person.name,
            "written_at": "2026-11-21T09:00:00+00:00",
            "file": {"name": "a.pdf", "kind": "pdf", "size_bytes": 4900, "sha256": "1" * 64},
            "file_parts": [
                {"file_sha256": name, "file_key": key, "file_bytes": len(part)}
                for name, key, part in zip(names, keys, parts, strict=True)
            ],
        },
    )
    assert (await nurse.push_one(message))["outcome"] == "accepted"
    clinic.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not any(key.encode() in all_bytes_of(clinic) for key in keys)  # nor in the history
    wrapped = wrapped_keys_of(clinic, message["record"])
    assert len(wrapped) == 2
    clinic.erase(message["record"])
    left = all_bytes_of(clinic)
    assert not any(key in left for key in wrapped)
    assert not any(part in left for part in parts)
    delivered = await desk.record(message["record"])
    assert [part["file_key"] for part in delivered["document"]["file_parts"]] == ["", ""]
    assert delivered["document"]["text"] == "The letter"


async def test_keys_in_an_earlier_releases_history_go_too(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    change = await kept_recording(clinic, nurse)
    old = json.dumps({"fields_set": {"parts": [{"file_key": KEY}]}})
    clinic.sql("UPDATE ops SET change = ?", old)
    clinic.erase(change["record"])
    assert KEY.encode() not in all_bytes_of(clinic)


async def test_what_a_stop_cut_short_is_done_at_the_next_start(tmp_path: Path) -> None:
    async with clinic_in(tmp_path / "data") as clinic:
        nurse = await clinic.nurse()
        change = await kept_recording(clinic, nurse)
        clinic.erase(change["record"])
        place = clinic.settings.files / NAME[:2] / NAME
        place.write_bytes(FILE)  # as if the stop came before it was unlinked
    async with clinic_in(tmp_path / "data") as clinic:
        await clinic.until(lambda: not place.exists())


async def test_by_hand_it_is_asked_for_and_may_be_said_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with clinic_in(data) as clinic:
        nurse = await clinic.nurse()
        change = await kept_recording(clinic, nurse)
        record = change["record"]
        for typed in ("", "erase\n", "yes\n"):
            refused = run("erase-file", "--data", data, "--record", record, typed=typed)
            assert refused.code == 2 and "nothing was erased" in refused.err
        assert clinic.audited(Act.FILE_ERASED) == []
        for said in ("1 files\n", "1 files (ordered before)\n"):
            done = run("erase-file", "--data", data, "--record", record, typed="ERASE\n")
            assert (done.code, done.out.splitlines(keepends=True)[-1]) == (
                0,
                f"erased: recording, {said}",
            )
        assert len(clinic.audited(Act.FILE_ERASED)) == 1
        event = nurse.event(Act.FILE_PURGED, subject=record)
        await nurse.push(events=(event,))
    told = run("erasures", "--data", data)
    assert told.out.splitlines()[-1] == "1 erased"
    assert f"destroyed at {nurse.id}" in told.out
    [one] = erasures(data / "bedside.db")
    assert (str(one.record), one.devices) == (record, (nurse.id,))


async def test_what_has_no_file_is_not_erased(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    note = nurse.note(visit, patient)
    await nurse.push_one(note)
    for record in (note["record"], str(patient), str(new_id())):
        with pytest.raises(Rejected) as caught:
            clinic.erase(record)
        assert caught.value.code is Code.NOT_FOUND
    none = run("erase-file", "--data", "/nonexistent", "--record", str(new_id()), typed="ERASE\n")
    assert none.code == 2 and "there is no database" in none.err
