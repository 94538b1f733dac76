"""Blocks in any order make the same sound; what can be none of it is refused."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from app.domain.failures import Code, Rejected
from media.auscultation.sound_blocks import CameBlocks, MadeBlocks, block_samples_of, most_bytes_of


@settings(max_examples=60, deadline=None)
@given(samples=some.binary(min_size=0, max_size=6000), seed=some.integers(0, 1000))
def test_whatever_the_order_the_sound_is_the_same(samples: bytes, seed: int) -> None:
    samples = samples[: len(samples) // 2 * 2]
    made = MadeBlocks(4000)
    made.add(samples)
    numbers = list(range(made.all)) * 2
    random.Random(seed).shuffle(numbers)
    came = CameBlocks(4000, made.block_samples)
    new = [number for number in numbers if came.put(number, made.block(number))]
    assert sorted(new) == list(range(made.all))
    assert bytes(came.samples) == samples
    assert came.wanted == made.all
    assert came.missing(10) == (made.all, [])


@settings(max_examples=60, deadline=None)
@given(lost=some.sets(some.integers(0, 39)), most=some.integers(1, 30))
def test_the_missing_are_told_exactly(lost: set[int], most: int) -> None:
    came = CameBlocks(4000, 160)
    for number in set(range(40)) - lost:
        came.put(number, bytes(320))
    came.seen(40)
    until, ranges = came.missing(most)
    told = {number for first, count in ranges for number in range(first, first + count)}
    assert told == {number for number in lost if came.wanted <= number < until}
    assert len(ranges) <= most
    assert until == 40 or len(ranges) == most


@pytest.mark.parametrize(
    ("number", "size", "code"),
    [
        (0, 322, Code.MALFORMED),  # longer than a block
        (9, 320, Code.MALFORMED),  # beyond the last
        (3, 100, Code.MALFORMED),  # another last one
        (10_000_000, 320, Code.TOO_LARGE),
    ],
)
def test_what_can_be_no_block_of_it_is_refused(number: int, size: int, code: Code) -> None:
    came = CameBlocks(4000, 160)
    came.put(5, bytes(320))
    came.put(6, bytes(100))
    before = bytes(came.samples)
    with pytest.raises(Rejected) as refused:
        came.put(number, bytes(size))
    assert refused.value.code is code
    assert bytes(came.samples) == before


def test_ten_minutes_are_all() -> None:
    made = MadeBlocks(1000)
    assert len(made.add(bytes(most_bytes_of(1000) + 2000))) == most_bytes_of(1000)
    assert made.is_full
    assert made.add(b"\0\0") == b""


@pytest.mark.parametrize("rate_hz", [1, 24, 400, 4000, 8000, 44_100, 48_000])
def test_a_block_fits_into_a_packet(rate_hz: int) -> None:
    assert 1 <= block_samples_of(rate_hz) <= 560
