"""Bodies of the exchange on the wire: what was packed comes back, nothing larger than allowed."""

import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.contract.packing import packed, unpacked
from app.domain.failures import Code, Rejected


@given(st.binary(max_size=5000))
def test_what_was_packed_comes_back(body: bytes) -> None:
    assert unpacked(packed(body), 5000) == body


@given(st.binary(max_size=400))
def test_random_bytes_are_refused_in_words(data: bytes) -> None:
    try:
        unpacked(data, 1000)
    except Rejected as no:
        assert no.code in (Code.MALFORMED, Code.TOO_LARGE)


def test_a_little_that_becomes_very_much_is_refused_before_it_does() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(200_000_000))
    assert len(bomb) < 20_000
    with pytest.raises(Rejected) as refused:
        unpacked(bomb, 1_000_000)
    assert refused.value.code is Code.TOO_LARGE


def test_one_that_does_not_say_how_large_it_is_is_refused() -> None:
    maker = zstandard.ZstdCompressor(write_content_size=False)
    with pytest.raises(Rejected) as refused:
        unpacked(maker.compress(bytes(200_000_000)), 1_000_000)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_one_that_is_cut_short_is_refused(cut: int) -> None:
    whole = packed(json.dumps({"n": list(range(500))}).encode())
    with pytest.raises(Rejected):
        unpacked(whole[:-cut], 100_000)


def test_one_that_lies_about_its_length_is_refused() -> None:
    frame = bytearray(packed(b"x" * 300))
    assert zstandard.frame_content_size(bytes(frame)) == 300
    place = frame.index((300 - 256).to_bytes(2, "little"), 4)
    frame[place : place + 2] = (20).to_bytes(2, "little")  # 276, the field counts from 256
    with pytest.raises(Rejected):
        unpacked(bytes(frame), 1000)
