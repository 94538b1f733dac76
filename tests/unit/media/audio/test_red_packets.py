"""Packets that carry earlier ones: what goes in comes out, junk is refused."""

import random

import pytest

from media.audio.red_packets import MOST_COPIES, Copy, packed, unpacked


def test_without_copies_it_costs_one_byte() -> None:
    assert packed(111, b"voice") == bytes([111]) + b"voice"
    assert unpacked(packed(111, b"voice")) == (b"voice", [])


def test_the_bytes_are_those_of_the_rfc() -> None:
    """RFC 2198, 4: F, type, 14 bits of offset, 10 of length; the primary's head is one byte."""
    data = packed(0x6F, b"new", [Copy(1920, b"old!")])
    assert data == bytes.fromhex("ef 1e0004 6f".replace(" ", "")) + b"old!new"


def test_copies_come_apart_oldest_first() -> None:
    copies = [Copy(2880, b"a" * 200), Copy(960, b"")]
    assert unpacked(packed(96, b"new", copies)) == (b"new", copies)


def test_what_does_not_fit_into_a_head_is_left_out() -> None:
    assert unpacked(packed(96, b"x", [Copy(0x4000, b"a"), Copy(960, b"b" * 1024)])) == (b"x", [])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes([0xEF]),
        bytes([0xEF, 0x1E, 0x00]),
        bytes.fromhex("ef1e0004"),  # no primary
        bytes.fromhex("ef1e00046f") + b"old",  # shorter than it says
        bytes.fromhex("ef1e0000") * (MOST_COPIES + 1) + b"\x6fnew",
    ],
)
def test_what_is_no_such_packet_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"header|shorter"):
        unpacked(data)


def test_junk_is_refused_or_taken_apart_and_never_longer_than_it_was() -> None:
    chance = random.Random(8)
    for _ in range(20_000):
        junk = chance.randbytes(chance.randrange(0, 60))
        try:
            payload, copies = unpacked(junk)
        except ValueError:
            continue
        assert len(payload) + sum(len(copy.payload) for copy in copies) < len(junk)
