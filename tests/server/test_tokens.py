"""Refresh tokens: bound to the device's key, changed at each use, forgiving of one lost answer."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.contract.sign_in import refresh_proof_bytes
from app.domain.ids import new_id
from server.keys import REMEMBERED_MOST, ServerKeys
from tests.server.given import Clinic, Device, Json, b64, code_of


async def _refresh(desk: Device, token: str) -> Json:
    answer = await desk.http.post("/v1/token", json=desk.refresh_body(token))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def _refusal(desk: Device, token: str) -> str:
    return code_of(await desk.http.post("/v1/token", json=desk.refresh_body(token)))


async def test_a_refresh_gives_new_tokens_that_work(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    clinic.clock.move(700)
    assert code_of(await desk.http.get("/v1/feed")) == "token-expired"
    fresh = await _refresh(desk, desk.signed_in["refresh_token"])
    assert fresh["refresh_token"] != desk.signed_in["refresh_token"]
    desk.http.headers["Authorization"] = f"Bearer {fresh['access_token']}"
    assert (await desk.http.get("/v1/feed")).status_code == 200


async def test_a_lost_answer_may_be_asked_for_again_for_a_minute(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    first = desk.signed_in["refresh_token"]
    second = (await _refresh(desk, first))["refresh_token"]
    clinic.clock.move(59)
    assert (await _refresh(desk, first))["refresh_token"] == second
    third = (await _refresh(desk, second))["refresh_token"]
    assert third not in (first, second)
    assert await _refusal(desk, first) == "token-invalid"
    clinic.clock.move(60)
    assert await _refusal(desk, second) == "token-invalid"
    assert (await _refresh(desk, third))["refresh_token"] != third


async def test_a_signature_that_is_known_covers_nothing_else() -> None:
    keys = ServerKeys(bytes(32))
    signature = keys.sign(b"one")
    forged = bytes([signature[0] ^ 1]) + signature[1:]
    for _ in range(2):  # the first time it is worked out, then remembered
        assert keys.has_signed(b"one", signature)
        assert not keys.has_signed(b"one", forged)
        assert not keys.has_signed(b"two", signature)
        assert not keys.has_signed(b"one", b"")
    assert ServerKeys(bytes(32)).has_signed(b"one", signature)
    assert not ServerKeys(bytes(31) + b"x").has_signed(b"one", signature)


async def test_what_is_remembered_of_signatures_has_a_bound() -> None:
    keys = ServerKeys(bytes(32))
    for number in range(REMEMBERED_MOST + 10):
        keys.sign(str(number).encode())
    assert len(keys._signed) <= REMEMBERED_MOST
    assert keys.has_signed(b"0", ServerKeys(bytes(32)).sign(b"0"))


async def test_a_token_without_its_device_is_worth_nothing(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    token = desk.signed_in["refresh_token"]
    body = desk.refresh_body(token)
    thief = Ed25519PrivateKey.generate()
    body["proof"] = b64(thief.sign(refresh_proof_bytes(desk.id, token)))
    assert code_of(await desk.http.post("/v1/token", json=body)) == "token-invalid"
    other = {**desk.refresh_body(token), "device": str(new_id())}
    assert code_of(await desk.http.post("/v1/token", json=other)) == "token-invalid"
    assert (await _refresh(desk, token))["refresh_token"]


async def test_a_long_absence_asks_for_the_password_again(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    clinic.clock.move(16 * 3600)
    assert await _refusal(desk, desk.signed_in["refresh_token"]) == "token-expired"


async def test_only_hashes_of_tokens_are_kept(clinic: Clinic) -> None:
    desk = await clinic.doctor()
    first = desk.signed_in["refresh_token"]
    second = (await _refresh(desk, first))["refresh_token"]
    stored = str(clinic.sql("SELECT * FROM sessions"))
    assert first not in stored
    assert second not in stored
