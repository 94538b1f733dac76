"""What desks say of messages, and the files that messages bring: judged once more at the server."""

import base64
import hashlib
import os
from uuid import UUID

import pytest

from app.domain.audit import Act
from app.domain.ids import PatientId, VisitId, new_id
from tests.server.given import Clinic, Device, Json

KEY = base64.b64encode(bytes(range(32))).decode()


def message(by: Device, visit: VisitId, patient: PatientId, **more: object) -> Json:
    note = by.note(visit, patient, "On my way.")
    return {**note, "record_type": "message", "fields_set": {**note["fields_set"], **more}}


def receipt(
    by: Device, visit: VisitId, patient: PatientId, of: UUID | str, kind: str = "delivered"
) -> Json:
    return by.change(
        "receipt",
        {
            "visit": str(visit),
            "patient": str(patient),
            "message": str(of),
            "kind": kind,
            "by": str(by.person.id),
            "by_name": by.person.name,
            "at": "2026-11-21T09:00:03+00:00",
        },
    )


def with_file(by: Device, visit: VisitId, patient: PatientId, parts: list[bytes]) -> Json:
    return message(
        by,
        visit,
        patient,
        file={"name": "rash.png", "kind": "png", "size_bytes": 90, "sha256": "1" * 64},
        file_parts=[
            {
                "file_sha256": hashlib.sha256(part).hexdigest(),
                "file_key": KEY,
                "file_bytes": len(part),
            }
            for part in parts
        ],
    )


@pytest.mark.parametrize(
    ("kind", "act"), [("delivered", Act.MESSAGE_DELIVERED), ("read", Act.MESSAGE_READ)]
)
async def test_a_receipt_is_kept_once_also_before_its_message(
    clinic: Clinic, kind: str, act: Act
) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    sent = message(nurse, visit, patient)
    early = receipt(doctor, visit, patient, sent["record"], kind)
    assert (await doctor.push_one(early))["outcome"] == "accepted"
    assert (await doctor.push_one(early))["outcome"] == "already-there"
    assert (await nurse.push_one(sent))["outcome"] == "accepted"
    delivered = await nurse.record(early["record"])
    assert delivered["document"] == early["fields_set"]
    [event] = clinic.audited(act)
    assert (event["actor"], event["subject"]) == (str(doctor.person.id), early["record"])
    edit = doctor.change("receipt", {"kind": "read"}, UUID(early["record"]), 1)
    assert (await doctor.push_one(edit))["code"] == "not-allowed"


async def test_what_no_desk_may_say_is_refused(clinic: Clinic) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    stranger, other_visit = clinic.add_visit()
    sent = message(nurse, visit, patient)
    await nurse.push_one(sent)
    borrowed = receipt(nurse, visit, patient, sent["record"])
    borrowed["fields_set"]["by"] = str(doctor.person.id)
    unknown = receipt(doctor, visit, patient, sent["record"], "understood")
    for device, said, code in (
        (nurse, receipt(nurse, visit, patient, sent["record"]), "not-allowed"),
        (nurse, borrowed, "not-allowed"),
        (doctor, unknown, "malformed"),
        (doctor, receipt(doctor, other_visit, stranger, sent["record"]), "wrong-patient"),
        (doctor, receipt(doctor, visit, stranger, sent["record"]), "wrong-patient"),
        (doctor, receipt(doctor, VisitId(new_id()), patient, sent["record"]), "not-found"),
    ):
        answer = await device.push_one(said)
        assert (answer["outcome"], answer["code"]) == ("refused", code)


async def test_a_message_waits_for_its_files_parts_and_their_keys_are_wrapped(
    clinic: Clinic,
) -> None:
    nurse, doctor = await clinic.nurse(), await clinic.doctor()
    patient, visit = clinic.add_visit()
    parts = [os.urandom(100), os.urandom(70)]
    sent = with_file(nurse, visit, patient, parts)
    await nurse.put_file(parts[0])
    early = await nurse.push_one(sent)
    assert (early["outcome"], early["code"]) == ("refused", "not-found")
    await nurse.put_file(parts[1])
    assert (await nurse.push_one(sent))["outcome"] == "accepted"
    assert (await doctor.record(sent["record"]))["document"] == sent["fields_set"]
    clinic.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in clinic.settings.data.iterdir():
        if path.is_file() and path.name.startswith("records"):
            assert KEY.encode() not in path.read_bytes(), path
    documents = clinic.sql("SELECT document FROM records WHERE record_type = 'message'")
    assert KEY not in documents[0][0]
    await doctor.http.get(f"/v1/files/{hashlib.sha256(parts[0]).hexdigest()}")
    [event] = clinic.audited(Act.FILE_FETCHED)
    assert (event["subject"], event["patient"]) == (sent["record"], str(patient))


async def test_a_file_that_contradicts_itself_is_refused(clinic: Clinic) -> None:
    nurse = await clinic.nurse()
    patient, visit = clinic.add_visit()
    part = os.urandom(100)
    await nurse.put_file(part)
    for field, value, code in (
        ("file_bytes", 99, "hash-mismatch"),
        ("file_key", "short", "malformed"),
        ("file_sha256", "../../etc", "malformed"),
    ):
        sent = with_file(nurse, visit, patient, [part])
        sent["fields_set"]["file_parts"][0][field] = value
        answer = await nurse.push_one(sent)
        assert (answer["outcome"], answer["code"]) == ("refused", code)
    contradictions: list[Json] = [
        {"file": None},
        {"file_parts": []},
        {"file": {"name": "x.exe", "kind": "exe", "size_bytes": 1, "sha256": "1" * 64}},
        {"file": {"name": "x.png", "kind": "png", "size_bytes": 9_000_000, "sha256": "1" * 64}},
    ]
    for more in contradictions:
        sent = with_file(nurse, visit, patient, [part])
        sent["fields_set"].update(more)
        assert (await nurse.push_one(sent))["code"] == "malformed"
