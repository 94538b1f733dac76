"""Leases and revocations: signed for the device that asks, in force at once."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.contract.standing import standing_bytes, standing_proof_bytes
from app.domain.audit import Act
from app.domain.failures import Code, Rejected
from app.domain.ids import DeviceId, new_id
from server.commands import readmit_device, revoke_device
from server.settings import ServerSettings
from tests.server.given import Clinic, Device


async def told(clinic: Clinic, device: UUID, key: Ed25519PrivateKey) -> Any:
    proof = base64.b64encode(key.sign(standing_proof_bytes(device))).decode()
    body = {"device": str(device), "proof": proof}
    return await clinic.client().post("/v1/standing", json=body)


async def standing_of(clinic: Clinic, doctor: Device) -> dict[str, Any]:
    """What the document says, when the server of the device's certificate signed it."""
    answer = await told(clinic, doctor.id, doctor.key)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    server_key = base64.b64decode(doctor.signed_in["certificate"]["server_public_key"])
    signature = base64.b64decode(body["signature"])
    public = Ed25519PublicKey.from_public_bytes(server_key)
    public.verify(signature, standing_bytes(body["document"]))
    with pytest.raises(InvalidSignature):  # it cannot pose as any other document
        public.verify(signature, body["document"].encode())
    found: dict[str, Any] = json.loads(body["document"])
    return found


async def test_a_known_device_gets_a_lease(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    lease = await standing_of(clinic, doctor)
    assert (lease["kind"], lease["device"]) == ("lease", str(doctor.id))
    length = datetime.fromisoformat(lease["expires_at"]) - datetime.fromisoformat(
        lease["issued_at"]
    )
    assert length == timedelta(hours=72)


async def test_nobody_else_is_told_anything(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    other = Ed25519PrivateKey.generate()
    for device, key in ((doctor.id, other), (new_id(), doctor.key)):
        answer = await told(clinic, device, key)
        assert (answer.status_code, answer.json()["code"]) == (403, Code.DEVICE_UNKNOWN)


async def test_a_revoked_device_is_out_at_once_and_told_so_signed(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    assert (await doctor.http.get("/v1/feed?since=0")).status_code == 200
    revoke_device(clinic.settings.database, DeviceId(doctor.id), wipes=True)
    assert (await doctor.http.get("/v1/feed?since=0")).status_code == 401
    revoked = await standing_of(clinic, doctor)
    assert (revoked["kind"], revoked["wipes"]) == ("revoked", True)
    with pytest.raises(AssertionError, match=Code.DEVICE_REVOKED):
        await clinic.sign_in("dr-lin", doctor.person.role, doctor.id, doctor.key)
    assert len(clinic.audited(Act.DEVICE_REVOKED)) == 1
    readmit_device(clinic.settings.database, DeviceId(doctor.id))
    assert (await standing_of(clinic, doctor))["kind"] == "lease"
    again = await clinic.sign_in("dr-lin", doctor.person.role, doctor.id, doctor.key)
    assert (await again.http.get("/v1/feed?since=0")).status_code == 200
    assert len(clinic.audited(Act.DEVICE_READMITTED)) == 1


async def test_every_device_is_told_signed_which_others_are_revoked(clinic: Clinic) -> None:
    doctor, nurse = await clinic.doctor(), await clinic.nurse()
    assert (await told(clinic, doctor.id, doctor.key)).json()["revocations"] == []
    revoke_device(clinic.settings.database, DeviceId(nurse.id), wipes=False)
    [word] = (await told(clinic, doctor.id, doctor.key)).json()["revocations"]
    server_key = base64.b64decode(doctor.signed_in["certificate"]["server_public_key"])
    signature = base64.b64decode(word["signature"])
    public = Ed25519PublicKey.from_public_bytes(server_key)
    public.verify(signature, standing_bytes(word["document"]))
    document = json.loads(word["document"])
    assert (document["kind"], document["device"]) == ("revoked", str(nurse.id))
    assert (await told(clinic, nurse.id, nurse.key)).json()["revocations"] == []  # its own is above
    clinic.clock.move(400 * 86_400)  # no lease can stand any more
    assert (await told(clinic, doctor.id, doctor.key)).json()["revocations"] == []


async def test_only_what_is_known_is_revoked_and_only_what_is_revoked_readmitted(
    clinic: Clinic,
) -> None:
    doctor = await clinic.doctor()
    with pytest.raises(Rejected):
        revoke_device(clinic.settings.database, DeviceId(new_id()), wipes=False)
    with pytest.raises(Rejected):
        readmit_device(clinic.settings.database, DeviceId(doctor.id))


@pytest.mark.parametrize("hours", [0.5, 73, -1])
def test_a_lease_is_neither_nothing_nor_for_ever(clinic: Clinic, hours: float) -> None:
    with pytest.raises(Rejected):
        ServerSettings(data=clinic.settings.data, lease_hours=hours)
