"""Push and feed on the wire: packed for who takes it so, plain for others, never with a token."""

import json

import pytest
import zstandard

from app.contract.packing import PACKED, packed, unpacked
from server.settings import JSON_MAX_BYTES
from tests.server.given import Clinic, Device

BIG = 64 * 1024 * 1024


async def raw_feed(doctor: Device, takes: str) -> tuple[dict[str, str], bytes]:
    async with doctor.http.stream("GET", "/v1/feed", headers={"accept-encoding": takes}) as answer:
        assert answer.status_code == 200
        return dict(answer.headers), b"".join([part async for part in answer.aiter_raw()])


async def filled(clinic: Clinic) -> Device:
    for _ in range(20):
        clinic.add_visit()
    return await clinic.doctor()


async def test_a_page_is_packed_for_who_takes_it_so(clinic: Clinic) -> None:
    doctor = await filled(clinic)
    headers, plain = await raw_feed(doctor, "identity")
    assert "content-encoding" not in headers and headers["accept-encoding"] == PACKED
    headers, small = await raw_feed(doctor, "gzip, zstd;q=0.9")
    assert headers["content-encoding"] == PACKED and headers["vary"] == "accept-encoding"
    assert int(headers["content-length"]) == len(small) < len(plain) / 4
    page, told = json.loads(unpacked(small, BIG)), json.loads(plain)
    assert page["records"] == told["records"]


async def test_what_is_small_goes_as_it_is(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    headers, body = await raw_feed(doctor, PACKED)
    assert "content-encoding" not in headers
    assert json.loads(body)["records"] == []


async def test_a_packed_push_is_read(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    body = packed(json.dumps({"device": str(doctor.id), "changes": [], "events": []}).encode())
    answer = await doctor.http.post(
        "/v1/push", content=body, headers={"content-encoding": PACKED, "accept-encoding": PACKED}
    )
    assert answer.status_code == 200 and answer.json()["results"] == []


@pytest.mark.parametrize("body", [b"", b"{}", b"\x28\xb5\x2f\xfd", packed(b"{}" * 400)[:-2]])
async def test_what_is_packed_badly_is_refused_in_words(clinic: Clinic, body: bytes) -> None:
    doctor = await clinic.doctor()
    answer = await doctor.http.post("/v1/push", content=body, headers={"content-encoding": PACKED})
    assert answer.status_code == 422 and answer.json()["code"] == "malformed"


async def test_a_little_that_becomes_very_much_is_refused(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(JSON_MAX_BYTES + 1))
    answer = await doctor.http.post("/v1/push", content=bomb, headers={"content-encoding": PACKED})
    assert answer.status_code == 413


async def test_an_answer_with_a_token_is_never_packed(clinic: Clinic) -> None:
    doctor = await clinic.doctor()
    answer = await doctor.http.get("/v1/time", headers={"accept-encoding": PACKED})
    assert "content-encoding" not in answer.headers and "accept-encoding" not in answer.headers
