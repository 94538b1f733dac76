"""The server's certificate for this device: trusted on first use, and held to that key later."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.contract.sign_in import CertificateOut
from app.domain.failures import Code, Untrusted
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import DeviceCredentials
from app.remote.device_key import checked_certificate
from tests.fakes.time_loop import MORNING

SERVER, OTHER_SERVER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
DEVICE = DeviceCredentials(
    DeviceId(new_id()), "desk 1", Ed25519PrivateKey.generate().private_bytes_raw()
)


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def issued(
    made_by: Ed25519PrivateKey = SERVER, signed_by: Ed25519PrivateKey | None = None, **other: Any
) -> CertificateOut:
    """As the server writes it; `other` fields are lies."""
    fields = {
        "device": str(DEVICE.id),
        "issued_at": MORNING.isoformat(),
        "public_key": public(Ed25519PrivateKey.from_private_bytes(DEVICE.private_key)),
        "server": public(made_by),
        **other,
    }
    document = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    signature = base64.b64encode((signed_by or made_by).sign(document.encode())).decode()
    return CertificateOut(document=document, signature=signature, server_public_key=public(made_by))


def check(certificate: CertificateOut, known: str | None = None) -> str:
    return checked_certificate(certificate, DEVICE, MORNING, known)


def test_the_first_use_is_accepted_and_so_is_the_same_server_later() -> None:
    kept = check(issued())
    assert check(issued(), kept) == kept
    later = issued(issued_at=(MORNING + timedelta(hours=1)).isoformat())
    assert check(later, kept) != kept  # enrolled anew, by the same server


def test_another_key_later_is_refused() -> None:
    kept = check(issued())
    with pytest.raises(Untrusted) as caught:
        check(issued(OTHER_SERVER), kept)
    assert caught.value.code is Code.SERVER_UNTRUSTED
    check(issued(OTHER_SERVER))  # sound in itself: only what is kept tells them apart


@pytest.mark.parametrize(
    "certificate",
    [
        issued(signed_by=OTHER_SERVER),
        issued(device=str(new_id())),
        issued(public_key=public(Ed25519PrivateKey.generate())),
        issued(server=public(OTHER_SERVER)),
        issued(issued_at=(MORNING + timedelta(days=2)).isoformat()),
        issued(issued_at=MORNING.replace(tzinfo=None).isoformat()),
        issued(issued_at="soon"),
        issued(issued_at=None),
        issued(issued_at="0001-01-01T00:00:00+00:00"),
        issued(device=None),
        issued(device=5),
        issued().model_copy(update={"signature": ""}),
        issued().model_copy(update={"document": "[]"}),
        issued().model_copy(update={"document": "[" * 4000}),
    ],
    ids=[
        "a wrong signature",
        "of another device",
        "of another device's key",
        "names another server",
        "from after the server's own now",
        "a date without a zone",
        "a date that is none",
        "without a date",
        "a date of no clock",
        "without a device",
        "a device that is a number",
        "no signature",
        "no document",
        "brackets",
    ],
)
def test_what_does_not_speak_of_this_device_and_server_is_refused(
    certificate: CertificateOut,
) -> None:
    for known in (None, check(issued())):
        with pytest.raises(Untrusted) as caught:
            check(certificate, known)
        assert caught.value.code is Code.SERVER_UNTRUSTED


def test_an_older_certificate_than_the_one_kept_is_refused() -> None:
    kept = check(issued())
    with pytest.raises(Untrusted):
        check(issued(issued_at=(MORNING - timedelta(days=1)).isoformat()), kept)


def test_a_key_that_is_not_ours_any_more_is_refused() -> None:
    other = replace(DEVICE, private_key=Ed25519PrivateKey.generate().private_bytes_raw())
    with pytest.raises(Untrusted):
        checked_certificate(issued(), other, MORNING, None)
