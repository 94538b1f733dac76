"""Between a recording program and its starter: whole, bounded, and ended by name."""

import asyncio
import os

import pytest

from app.domain.failures import Code, Unavailable
from media.devices.capture_words import HEAD, MOST_BYTES, Captured, Teller, captured
from media.devices.pulse_capture import first_channel


async def heard(data: bytes) -> tuple[list[Captured], Code]:
    reader = asyncio.StreamReader(limit=2 * MOST_BYTES)
    reader.feed_data(data)
    reader.feed_eof()
    pieces = []
    try:
        async for piece in captured(reader):
            pieces.append(piece)
    except Unavailable as ended:
        return pieces, ended.code
    raise AssertionError("it has no end without a reason")


def told(*acts: tuple[str, object]) -> bytes:
    reads, writes = os.pipe()
    teller = Teller(writes)
    for name, value in acts:
        getattr(teller, name)(value)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        return pipe.read()


async def test_rate_samples_and_reason_arrive_as_they_were_told() -> None:
    data = told(("rate", 4000), ("samples", b"\x01\x02\x03\x04"), ("failed", Code.OVERRUN))
    assert await heard(data) == ([Captured(b"\x01\x02\x03\x04", 4000)], Code.OVERRUN)


async def test_a_long_piece_goes_in_parts() -> None:
    samples = os.urandom(20_000)
    pieces, _ = await heard(told(("rate", 8000), ("samples", samples)))
    assert b"".join(piece.samples for piece in pieces) == samples


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", Code.DEVICE_PULLED),
        (b"R\x04\x00", Code.DEVICE_PULLED),
        (HEAD.pack(b"S", 2) + b"ab", Code.MALFORMED),  # before its rate
        (HEAD.pack(b"R", 4) + b"\x00\x00\x00\x00", Code.DEVICE_UNUSABLE),
        (HEAD.pack(b"R", 3) + b"abc", Code.MALFORMED),
        (HEAD.pack(b"Z", 0), Code.MALFORMED),
        (HEAD.pack(b"S", MOST_BYTES + 1), Code.MALFORMED),
        (HEAD.pack(b"F", 4) + b"what", Code.MALFORMED),
        (HEAD.pack(b"F", 2) + b"\xff\xfe", Code.MALFORMED),
    ],
)
async def test_what_is_no_word_ends_it(data: bytes, code: Code) -> None:
    assert await heard(data) == ([], code)


async def test_half_a_sample_is_no_word() -> None:
    assert (await heard(told(("rate", 4000)) + HEAD.pack(b"S", 3) + b"abc"))[1] is Code.MALFORMED


def test_of_several_channels_the_first_is_taken_however_they_are_cut() -> None:
    left, right = bytes(range(40)), bytes(range(100, 140))
    both = b"".join(left[at : at + 2] + right[at : at + 2] for at in range(0, 40, 2))
    for cut in range(len(both) + 1):
        first, rest = first_channel(both[:cut], 2)
        second, nothing = first_channel(rest + both[cut:], 2)
        assert (first + second, nothing) == (left, b"")
    assert first_channel(left + b"x", 1) == (left, b"x")
