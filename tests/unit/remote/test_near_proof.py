"""What one desk believes of another without the server, and what nobody can pretend."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from app.contract.near import NONCE_BYTES, NearHello, NearPresence, NearProof, NearSide
from app.contract.sign_in import CertificateOut
from app.contract.signalling import FRAME_MAX_BYTES
from app.contract.standing import StandingOut
from app.domain.access import Role
from app.domain.failures import Code, Untrusted
from app.domain.ids import DeviceId, new_id
from app.domain.standing import CLOCK_MENDED_BY as LEASE_LASTS_ON
from app.domain.standing import REVOCATIONS_MOST
from app.remote.device_key import CLOCK_MENDED_BY
from app.remote.near_proof import (
    Meeting,
    NearIdentity,
    OwnDesk,
    check_proof,
    checked_hello,
    make_hello,
    make_proof,
    own_desk,
)
from tests.fakes.near_clinic import DAY, Clinic, new_device
from tests.fakes.time_loop import MORNING

CLINIC, OTHER_CLINIC = Clinic(), Clinic()
HERE, THERE = new_device(), new_device()
OWN = own_desk(CLINIC.identity(HERE))
NONCES = bytes(NONCE_BYTES), b"\x01" * NONCE_BYTES
SECOND = timedelta(seconds=1)
NO_DEVICES: tuple[Any, ...] = (None, 5, "", [], {"a": 1})


def hello_of(identity: NearIdentity, nonce: bytes = NONCES[1]) -> NearHello:
    """As its desk would say it, though it may know that nobody will believe it."""
    return NearHello(
        nonce=base64.b64encode(nonce).decode(),
        certificate=CertificateOut.model_validate_json(identity.certificate),
        lease=StandingOut.model_validate_json(identity.lease),
    )


def test_a_desk_of_the_same_server_with_a_lease_is_believed() -> None:
    far = checked_hello(hello_of(CLINIC.identity(THERE)), OWN, MORNING)
    assert far.device == THERE.id
    assert far.nonce == NONCES[1]
    assert far.until == MORNING + DAY + LEASE_LASTS_ON


@pytest.mark.parametrize(
    ("identity", "what"),
    [
        (OTHER_CLINIC.identity(THERE), "another server"),
        (CLINIC.identity(THERE, certificate=OTHER_CLINIC.certificate(THERE)), "another server"),
        (CLINIC.identity(THERE, lease=OTHER_CLINIC.lease(THERE)), "certificate or lease"),
        (CLINIC.identity(THERE, lease=CLINIC.lease(new_device())), "a lease of another"),
        (CLINIC.identity(THERE, lease=CLINIC.revocation(THERE)), "withdrawn"),
        (CLINIC.identity(HERE), "ours"),
        (
            CLINIC.identity(THERE, lease=CLINIC.lease(THERE, issued_at=MORNING - 2 * DAY)),
            "has ended",
        ),
        (
            CLINIC.identity(THERE, lease=CLINIC.lease(THERE, issued_at=MORNING + 2 * DAY)),
            "future",
        ),
        (
            CLINIC.identity(
                THERE,
                certificate=CLINIC.certificate(THERE, issued_at=(MORNING + 2 * DAY).isoformat()),
            ),
            "future",
        ),
        *(
            (CLINIC.identity(THERE, certificate=CLINIC.certificate(THERE, device=lie)), "certifi")
            for lie in NO_DEVICES
        ),
        (
            CLINIC.identity(
                THERE,
                certificate=CLINIC.certificate(THERE).model_copy(update={"signature": "AAAA"}),
            ),
            "certificate or lease",
        ),
        (
            CLINIC.identity(
                THERE,
                certificate=CLINIC.certificate(THERE).model_copy(update={"document": "[" * 4000}),
            ),
            "certificate or lease",
        ),
        (
            # a certificate is signed without a purpose in front: it must not pose as a lease
            CLINIC.identity(
                THERE,
                lease=StandingOut(
                    document=CLINIC.certificate(THERE).document,
                    signature=CLINIC.certificate(THERE).signature,
                ),
            ),
            "certificate or lease",
        ),
    ],
)
def test_a_desk_that_is_not_of_this_clinic_or_not_any_more_is_refused(
    identity: NearIdentity, what: str
) -> None:
    with pytest.raises(Untrusted, match=what) as told:
        checked_hello(hello_of(identity), OWN, MORNING)
    assert told.value.code is Code.PEER_UNTRUSTED


def test_a_desk_whose_revocation_is_known_is_refused_whatever_it_shows() -> None:
    own = own_desk(CLINIC.identity(HERE, revocations=[CLINIC.revocation(THERE)]))
    with pytest.raises(Untrusted, match="withdrawn"):
        checked_hello(hello_of(CLINIC.identity(THERE)), own, MORNING)
    checked_hello(hello_of(CLINIC.identity(new_device())), own, MORNING)


def test_a_desk_that_was_found_again_is_believed_by_its_newer_lease() -> None:
    before = CLINIC.revocation(THERE, MORNING - DAY)
    own = own_desk(CLINIC.identity(HERE, revocations=[before]))
    assert checked_hello(hello_of(CLINIC.identity(THERE)), own, MORNING).device == THERE.id


def test_what_another_desk_tells_of_revoked_devices_proves_itself() -> None:
    lost = new_device()
    told = [
        CLINIC.revocation(lost),
        OTHER_CLINIC.revocation(new_device()),
        CLINIC.lease(new_device()),
        CLINIC.revocation(new_device()).model_copy(update={"signature": "AAAA"}),
        CLINIC.revocation(new_device()).model_copy(update={"document": "[" * 4000}),
    ]
    hello = hello_of(CLINIC.identity(THERE)).model_copy(update={"revocations": told})
    far = checked_hello(hello, OWN, MORNING)
    assert [one.revocation.device for one in far.revocations] == [lost.id]
    knowing = OWN.knowing(far.revocations)
    with pytest.raises(Untrusted, match="withdrawn"):
        checked_hello(hello_of(CLINIC.identity(lost)), knowing, MORNING)
    again = make_hello(knowing, NONCES[0])
    assert again.revocations == [told[0]]  # and goes on from desk to desk
    assert len(again.model_dump_json().encode()) < FRAME_MAX_BYTES


def test_of_many_the_newest_are_known_and_the_old_ones_are_forgotten() -> None:
    many = [
        CLINIC.revocation(new_device(), MORNING - minute * timedelta(minutes=1))
        for minute in range(REVOCATIONS_MOST + 5)
    ]
    own = own_desk(CLINIC.identity(HERE, revocations=[CLINIC.revocation(THERE), *many[1:]]))
    assert len(own.revocations) == REVOCATIONS_MOST
    assert own.revocations[0].revocation.device == THERE.id
    full = make_hello(own, NONCES[0]).model_dump_json()
    assert len(full.encode()) < FRAME_MAX_BYTES
    later = replace(own, lease_issued_at=MORNING + 4 * DAY)
    assert later.knowing(()).revocations == ()
    too_many = {
        **json.loads(full),
        "revocations": [json.loads(one.model_dump_json()) for one in many],
    }
    with pytest.raises(ValidationError):
        NearHello.model_validate(too_many)


def test_a_lease_lasts_a_little_longer_than_its_end_and_no_more() -> None:
    hello = hello_of(CLINIC.identity(THERE))
    end = MORNING + DAY + LEASE_LASTS_ON
    checked_hello(hello, OWN, end - SECOND)
    with pytest.raises(Untrusted, match="has ended"):
        checked_hello(hello, OWN, end)


def test_a_clock_set_back_does_not_make_a_lease_longer() -> None:
    """Our own lease says that it is later than our clock does."""
    later = MORNING + 3 * DAY
    own = own_desk(CLINIC.identity(HERE, lease=CLINIC.lease(HERE, issued_at=later)))
    with pytest.raises(Untrusted, match="has ended"):
        checked_hello(hello_of(CLINIC.identity(THERE)), own, MORNING)
    with pytest.raises(Untrusted, match="has ended"):
        checked_hello(hello_of(CLINIC.identity(THERE)), own, later)


def test_a_lease_from_a_server_whose_clock_is_a_little_ahead_is_believed() -> None:
    issued_at = MORNING + CLOCK_MENDED_BY
    for moment in (issued_at, issued_at + SECOND):
        hello = hello_of(CLINIC.identity(THERE, lease=CLINIC.lease(THERE, issued_at=moment)))
        if moment == issued_at:
            checked_hello(hello, OWN, MORNING)
        else:
            with pytest.raises(Untrusted, match="future"):
                checked_hello(hello, OWN, MORNING)


@pytest.mark.parametrize(
    ("identity", "code"),
    [
        (NearIdentity(HERE, "", ""), Code.SERVER_UNTRUSTED),
        (replace(CLINIC.identity(HERE), device=THERE), Code.SERVER_UNTRUSTED),
        (
            replace(CLINIC.identity(HERE), lease=OTHER_CLINIC.identity(HERE).lease),
            Code.SERVER_UNTRUSTED,
        ),
        (
            replace(CLINIC.identity(HERE), device=replace(new_device(), id=HERE.id)),
            Code.SERVER_UNTRUSTED,
        ),
        (CLINIC.identity(HERE, lease=CLINIC.revocation(HERE)), Code.DEVICE_REVOKED),
    ],
)
def test_an_identity_that_nobody_could_believe_is_not_even_shown(
    identity: NearIdentity, code: Code
) -> None:
    with pytest.raises(Untrusted) as told:
        own_desk(identity)
    assert told.value.code is code


def test_a_site_is_the_same_for_its_desks_and_says_nothing_of_the_key() -> None:
    there, elsewhere = own_desk(CLINIC.identity(THERE)), own_desk(OTHER_CLINIC.identity())
    assert there.site == OWN.site != elsewhere.site
    assert len(OWN.site) == 16
    assert base64.b64decode(OWN.server_key).hex()[:16] not in OWN.site


def test_an_identity_never_shows_its_key() -> None:
    assert "private" not in repr(CLINIC.identity(HERE)) + repr(OWN)


# --- the proof -----------------------------------------------------------------------------------


def meetings(certificate: bytes = b"certificate") -> tuple[OwnDesk, Meeting, Meeting]:
    """We listen, they dial: their desk, and the meeting as each side sees it."""
    their_own = own_desk(CLINIC.identity(THERE))
    they = checked_hello(make_hello(their_own, NONCES[1]), OWN, MORNING)
    we = checked_hello(make_hello(OWN, NONCES[0]), their_own, MORNING)
    ours = Meeting(NearSide.LISTENER, HERE.id, NONCES[0], they, certificate)
    theirs = Meeting(NearSide.DIALLER, THERE.id, NONCES[1], we, certificate)
    return their_own, ours, theirs


def test_both_prove_themselves_to_each_other() -> None:
    their_own, ours, theirs = meetings()
    check_proof(make_proof(their_own, theirs), ours)
    check_proof(make_proof(OWN, ours), theirs)


@pytest.mark.parametrize(
    "change",
    [
        {"own_nonce": NONCES[1]},
        {"own_device": DeviceId(new_id())},
        {"tls_certificate": b"another certificate"},
        {"own_side": NearSide.DIALLER},
    ],
    ids=["another nonce", "another device", "another TLS certificate", "the other side"],
)
def test_a_proof_holds_for_one_connection_alone(change: dict[str, object]) -> None:
    their_own, ours, theirs = meetings()
    proof = make_proof(their_own, theirs)
    check_proof(proof, ours)
    with pytest.raises(Untrusted):
        check_proof(proof, replace(ours, **change))  # type: ignore[arg-type]  # of several types


def test_our_own_proof_sent_back_proves_nothing() -> None:
    _, ours, _ = meetings()
    with pytest.raises(Untrusted):
        check_proof(make_proof(OWN, ours), ours)
    as_if_ours = replace(ours, far=replace(ours.far, public_key=public_key_of_own()))
    with pytest.raises(Untrusted):  # not even if they had our key
        check_proof(make_proof(OWN, ours), as_if_ours)


def public_key_of_own() -> str:
    key = Ed25519PrivateKey.from_private_bytes(HERE.private_key).public_key()
    return base64.b64encode(key.public_bytes_raw()).decode()


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é", "A" * 4096])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    _, ours, _ = meetings()
    with pytest.raises(Untrusted):
        check_proof(NearProof(signature=signature), ours)


def test_a_certificate_with_a_key_that_is_none_proves_nothing() -> None:
    """The server would have to sign it; still nobody's program may break on it."""
    for lie in (5, None, "", "AAAA"):
        certificate = CLINIC.certificate(THERE, public_key=lie)
        far = checked_hello(hello_of(CLINIC.identity(THERE, certificate=certificate)), OWN, MORNING)
        their_own, ours, theirs = meetings()
        with pytest.raises(Untrusted):
            check_proof(make_proof(their_own, theirs), replace(ours, far=far))


# --- the words -----------------------------------------------------------------------------------


@pytest.mark.parametrize("nonce", ["", "AAAA", "!" * 44, base64.b64encode(bytes(33)).decode()])
def test_a_nonce_has_its_size(nonce: str) -> None:
    said = json.loads(make_hello(OWN, NONCES[0]).model_dump_json())
    NearHello.model_validate(said)
    with pytest.raises(ValidationError):
        NearHello.model_validate({**said, "nonce": nonce})


@pytest.mark.parametrize("name", ["Dr Lin", "نرگس‌ محمدی", "山田", "O'Neil-Ünal"])
def test_a_name_of_any_language_is_one(name: str) -> None:
    assert NearPresence(person=new_id(), name=name, role=Role.CLINICIAN).name == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[2J", "\x00", "n" * 201])
def test_a_name_that_cannot_be_shown_is_none(name: str) -> None:
    with pytest.raises(ValidationError):
        NearPresence(person=new_id(), name=name, role=Role.CLINICIAN)
