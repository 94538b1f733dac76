"""Signing in: who is let in on which device, what a token is worth, and how guessing is slowed."""

import json
import statistics
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from app.domain.access import Role
from app.domain.audit import Act
from app.domain.ids import new_id
from server.accounts.passwords import Passwords
from server.accounts.throttle import ANYBODY
from server.settings import HashCost
from tests.server.given import PASSWORD, Clinic, b64, code_of, public_text, sign_in_body


async def test_a_first_sign_in_enrols_the_device(clinic: Clinic) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    desk = await clinic.sign_in("dr-lin", Role.CLINICIAN)
    assert desk.signed_in["person"]["name"] == "Dr Lin"
    assert desk.signed_in["expires_in_s"] == 600
    certificate = desk.signed_in["certificate"]
    document = json.loads(certificate["document"])
    assert document["device"] == str(desk.id)
    assert document["public_key"] == public_text(desk.key)
    server = Ed25519PublicKey.from_public_bytes(_bytes(certificate["server_public_key"]))
    server.verify(_bytes(certificate["signature"]), certificate["document"].encode())
    [enrolled] = clinic.audited(Act.DEVICE_ENROLLED)
    assert enrolled["device"] == str(desk.id)
    assert len(clinic.audited(Act.SIGNED_IN)) == 1


async def test_a_later_sign_in_keeps_the_certificate(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    again = await clinic.sign_in("dr-lin", Role.CLINICIAN, desk.id, desk.key)
    assert again.signed_in["certificate"] == desk.signed_in["certificate"]
    assert len(clinic.audited(Act.DEVICE_ENROLLED)) == 1


async def test_the_user_name_is_found_however_it_is_typed(clinic: Clinic) -> None:
    clinic.add_person("Dr-Lin", "Dr Lin", Role.CLINICIAN)
    desk = await clinic.sign_in(" DR-LIN ", Role.CLINICIAN)
    assert desk.person.name == "Dr Lin"


@pytest.mark.parametrize(
    ("username", "password"), [("dr-lin", "wrong"), ("nobody", PASSWORD), ("", PASSWORD)]
)
async def test_wrong_credentials_look_all_the_same(
    clinic: Clinic, username: str, password: str
) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    body = sign_in_body(username, Role.CLINICIAN, new_id(), Ed25519PrivateKey.generate(), password)
    answer = await clinic.client().post("/v1/sign-in", json=body)
    assert (answer.status_code, code_of(answer)) == (401, "wrong-credentials")
    [refused] = clinic.audited(Act.SIGN_IN_REFUSED)
    assert refused["code"] == "wrong-credentials"
    assert clinic.audited(Act.DEVICE_ENROLLED) == []


async def test_a_cart_signs_in_no_clinician(clinic: Clinic) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    body = sign_in_body("dr-lin", Role.PRESENTER, new_id(), Ed25519PrivateKey.generate())
    answer = await clinic.client().post("/v1/sign-in", json=body)
    assert (answer.status_code, code_of(answer)) == (403, "role-does-not-fit")


async def test_another_key_under_a_known_device_is_refused_and_told(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    body = sign_in_body("dr-lin", Role.CLINICIAN, desk.id, Ed25519PrivateKey.generate())
    answer = await clinic.client().post("/v1/sign-in", json=body)
    assert (answer.status_code, code_of(answer)) == (403, "device-unknown")
    [refused] = clinic.audited(Act.SIGN_IN_REFUSED)
    assert (refused["device"], refused["code"]) == (str(desk.id), "device-unknown")


async def test_a_key_cannot_be_claimed_without_its_proof(clinic: Clinic) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    body = sign_in_body("dr-lin", Role.CLINICIAN, new_id(), Ed25519PrivateKey.generate())
    for proof in (b64(bytes(64)), "not base64", ""):
        body["device"]["proof"] = proof
        answer = await clinic.client().post("/v1/sign-in", json=body)
        assert code_of(answer) == "device-unknown"
    body["device"]["public_key"] = b64(bytes(31))
    assert code_of(await clinic.client().post("/v1/sign-in", json=body)) == "device-unknown"


async def test_guessing_is_slowed_and_forgiven(clinic: Clinic) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    device, key = new_id(), Ed25519PrivateKey.generate()
    wrong = sign_in_body("dr-lin", Role.CLINICIAN, device, key, "wrong")
    right = sign_in_body("dr-lin", Role.CLINICIAN, device, key)
    http = clinic.client()
    for _ in range(5):
        assert code_of(await http.post("/v1/sign-in", json=wrong)) == "wrong-credentials"
    answer = await http.post("/v1/sign-in", json=right)
    assert (answer.status_code, code_of(answer)) == (429, "too-many-tries")
    wait_s = int(answer.headers["Retry-After"])
    assert 0 < wait_s <= 60
    other = sign_in_body("someone-else", Role.CLINICIAN, device, key)
    assert code_of(await http.post("/v1/sign-in", json=other)) == "wrong-credentials"
    clinic.clock.move(wait_s)
    assert (await http.post("/v1/sign-in", json=right)).status_code == 200
    assert code_of(await http.post("/v1/sign-in", json=wrong)) == "wrong-credentials"


async def test_invented_names_are_slowed_and_grow_the_audit_no_further(clinic: Clinic) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    device, key = new_id(), Ed25519PrivateKey.generate()
    http = clinic.client()

    async def guess(number: int) -> str:
        body = sign_in_body(f"invented-{number}", Role.CLINICIAN, device, key, "wrong")
        answer = await http.post("/v1/sign-in", json=body)
        if answer.status_code == 429:
            assert 0 < int(answer.headers["Retry-After"]) <= 60
        return code_of(answer)

    codes = [await guess(number) for number in range(ANYBODY.tries + 60)]
    assert codes == ["wrong-credentials"] * ANYBODY.tries + ["too-many-tries"] * 60
    told = [event["code"] for event in clinic.audited(Act.SIGN_IN_REFUSED)]
    assert told == ["wrong-credentials"] * ANYBODY.tries + ["too-many-tries"]
    clinic.clock.move(61)
    for number in range(10):
        await guess(1000 + number)
    told = [event["code"] for event in clinic.audited(Act.SIGN_IN_REFUSED)]
    assert told.count("too-many-tries") == 2  # one row for the address and the minute
    assert told.count("wrong-credentials") == ANYBODY.tries + 2


async def test_a_flood_of_strangers_keeps_no_known_device_out(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    http = clinic.client()
    stranger = Ed25519PrivateKey.generate()
    for number in range(ANYBODY.tries + 1):
        body = sign_in_body(f"invented-{number}", Role.CLINICIAN, new_id(), stranger, "wrong")
        answer = await http.post("/v1/sign-in", json=body)
    assert code_of(answer) == "too-many-tries"
    again = await clinic.sign_in("dr-lin", Role.CLINICIAN, desk.id, desk.key)
    assert again.person == desk.person
    posing = sign_in_body("dr-lin", Role.CLINICIAN, desk.id, stranger)
    assert code_of(await http.post("/v1/sign-in", json=posing)) == "too-many-tries"


async def test_many_people_behind_one_address_sign_in(clinic: Clinic) -> None:
    clinic.add_person("dr-lin", "Dr Lin", Role.CLINICIAN)
    for _ in range(ANYBODY.tries + 5):
        await clinic.sign_in("dr-lin", Role.CLINICIAN)


async def test_a_good_token_lets_in_and_an_expired_one_does_not(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    assert (await desk.http.get("/v1/feed")).status_code == 200
    clinic.clock.move(599)
    assert (await desk.http.get("/v1/feed")).status_code == 200
    clinic.clock.move(1)
    answer = await desk.http.get("/v1/feed")
    assert (answer.status_code, code_of(answer)) == (401, "token-expired")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_forged_tokens_are_refused(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    good = desk.signed_in["access_token"]
    payload, signature = good.split(".")
    longer = json.loads(_unpadded(payload))
    longer["expires"] += 3600
    stretched = urlsafe_b64encode(json.dumps(longer).encode()).decode().rstrip("=")
    stranger = Ed25519PrivateKey.generate().sign(b"bedside access v1\n" + _unpadded(payload))
    certificate = desk.signed_in["certificate"]
    posing = urlsafe_b64encode(certificate["document"].encode()).decode().rstrip("=")
    certificate_signature = urlsafe_b64encode(_bytes(certificate["signature"])).decode()
    for token in (
        f"{stretched}.{signature}",
        f"{payload}.{urlsafe_b64encode(stranger).decode().rstrip('=')}",
        f"{posing}.{certificate_signature.rstrip('=')}",
        payload,
        f"{good}.{signature}",
        "!!.??",
        "",
    ):
        answer = await desk.http.get("/v1/feed", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, code_of(answer)) == (401, "token-invalid")
    assert code_of(await clinic.client().get("/v1/feed")) == "token-invalid"


async def test_every_door_but_the_open_ones_asks_for_a_token(clinic: Clinic) -> None:
    http = clinic.client()
    digest = "0" * 64
    for method, path in (
        ("GET", "/v1/feed"),
        ("POST", "/v1/push"),
        ("POST", "/v1/sign-out"),
        ("GET", "/v1/audit/chain"),
        ("GET", "/v1/audit/events"),
        ("GET", f"/v1/files/{digest}"),
        ("PUT", f"/v1/files/{digest}"),
    ):
        answer = await http.request(method, path)
        assert (answer.status_code, code_of(answer)) == (401, "token-invalid"), path
    assert (await http.head(f"/v1/files/{digest}")).status_code == 401
    for path in ("/v1/health", "/v1/time"):
        assert (await http.get(path)).status_code == 200


async def test_signing_out_voids_the_tokens_at_once(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    assert (await desk.http.post("/v1/sign-out")).status_code == 204
    assert code_of(await desk.http.get("/v1/feed")) == "token-invalid"
    body = desk.refresh_body(desk.signed_in["refresh_token"])
    assert code_of(await desk.http.post("/v1/token", json=body)) == "token-invalid"
    assert len(clinic.audited(Act.SIGNED_OUT)) == 1


def test_a_password_costs_what_rfc_9106_advises() -> None:
    cost = HashCost()
    assert (cost.memory_kib, cost.rounds) == (64 * 1024, 3)
    passwords = Passwords(cost)
    try:
        text = passwords.hash_now("x")
    finally:
        passwords.close()
    assert text.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords(HashCost(memory_kib=16 * 1024, rounds=2, lanes=1))
    try:
        password_hash = await passwords.hash("right")
        await passwords.prepare()
        known, unknown = [], []
        for _ in range(7):
            known.append(await _timed(passwords, password_hash))
            unknown.append(await _timed(passwords, None))
    finally:
        passwords.close()
    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


async def test_one_password_however_the_keyboard_composed_it() -> None:
    passwords = Passwords(HashCost(memory_kib=64, rounds=1, lanes=1))
    try:
        password_hash = await passwords.hash("gr\u00fcn")
        assert await passwords.fits("gru\u0308n", password_hash)
        assert not await passwords.fits("grun", password_hash)
        assert not await passwords.fits("gr\u00fcn", "not a hash")
    finally:
        passwords.close()


async def _timed(passwords: Passwords, password_hash: str | None) -> float:
    started = time.perf_counter()
    assert not await passwords.fits("wrong", password_hash)
    return time.perf_counter() - started


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.replace("+", "-").replace("/", "_"))


def _unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
