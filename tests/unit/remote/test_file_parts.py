"""What a client says and believes of uploads in parts and fetches in ranges."""

import base64
import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest

from app.domain.clock import SystemClock
from app.domain.failures import Code, Failure, Rejected, Unavailable
from app.domain.ids import DeviceId, new_id
from app.domain.server_words import ArrivingPart
from app.remote.address import server_address
from app.remote.file_parts import part_told, words_of_part, words_to_begin
from app.remote.server_api import ServerApi
from app.remote.server_places import ServerPlaces
from app.remote.tokens import Tokens

NAME = "a" * 64


def api_that_hears(*answers: httpx.Response) -> tuple[ServerApi, list[httpx.Request]]:
    """A server that gives these answers, one after the other; and what it was asked."""
    asked: list[httpx.Request] = []
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return left.pop(0)

    tokens = Tokens()
    tokens.keep("token", 600)
    places = ServerPlaces(server_address("http://127.0.0.1:1"))
    transport = httpx.MockTransport(answer)
    return ServerApi(places, tokens, SystemClock(), DeviceId(new_id()), transport), asked


async def in_pieces(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 3):
        yield data[at : at + 3]


def test_what_is_said_of_a_part_is_tus() -> None:
    said = words_of_part(7, b"part")
    digest = base64.b64encode(hashlib.sha256(b"part").digest()).decode()
    assert said == {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "7",
        "Upload-Checksum": f"sha256 {digest}",
        "content-type": "application/offset+octet-stream",
        "content-length": "4",
    }
    begin = words_to_begin(NAME, 20)
    assert begin["Upload-Length"] == "20"
    assert base64.b64decode(begin["Upload-Metadata"].removeprefix("sha256 ")) == NAME.encode()


async def test_a_part_goes_as_its_pieces_come() -> None:
    api, asked = api_that_hears(httpx.Response(204, headers={"Upload-Offset": "14"}))
    async with api:
        assert await api.put_part(NAME, 7, b"7 bytes", in_pieces(b"7 bytes")) == 14
    assert (asked[0].method, asked[0].url.path) == ("PATCH", f"/v1/uploads/{NAME}")
    assert asked[0].content == b"7 bytes"
    assert "transfer-encoding" not in asked[0].headers


@pytest.mark.parametrize("offset", [None, "", "-1", "x", "15", "9" * 20])
async def test_an_offset_that_cannot_be_is_not_believed(offset: str | None) -> None:
    headers = {} if offset is None else {"Upload-Offset": offset}
    api, _ = api_that_hears(httpx.Response(204, headers=headers))
    async with api:
        with pytest.raises(Unavailable) as caught:
            await api.put_part(NAME, 7, b"7 bytes", in_pieces(b"7 bytes"))
    assert caught.value.code is Code.SERVER_ERROR


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, Code.NOT_FOUND), (410, Code.FILE_ERASED), (401, Code.TOKEN_INVALID)],
)
async def test_an_answer_without_a_body_says_it_by_its_number(status: int, code: Code) -> None:
    api, _ = api_that_hears(httpx.Response(status))
    async with api:
        if code is Code.NOT_FOUND:
            assert not await api.has_file(NAME)
            return
        with pytest.raises(Rejected) as caught:
            await api.has_file(NAME)
    assert caught.value.code is code


def test_a_range_is_what_was_asked_for() -> None:
    told = {"content-range": "bytes 5-8/20"}
    assert part_told(206, told, b"5678", 5) == ArrivingPart(b"5678", 20)
    assert part_told(416, {"content-range": "bytes */20"}, b"", 20) == ArrivingPart(b"", 20)
    assert part_told(200, {}, b"all of it", 0) == ArrivingPart(b"all of it", 9)


@pytest.mark.parametrize(
    ("status", "told", "content", "start"),
    [
        (206, "bytes 4-7/20", b"4567", 5),
        (206, "bytes 5-8/20", b"", 5),
        (206, "bytes */20", b"5678", 5),
        (206, "", b"5678", 5),
        (206, "bytes 5-8/*", b"5678", 5),
        (206, "bytes 5-8/99999999999999999999", b"5678", 5),
        (200, "", b"all of it", 5),
        (204, "", b"", 0),
    ],
)
def test_another_range_is_not_believed(status: int, told: str, content: bytes, start: int) -> None:
    with pytest.raises(Failure) as caught:
        part_told(status, {"content-range": told}, content, start)
    assert caught.value.code is Code.SERVER_ERROR
