"""Transport-wide feedback as bytes: what is built is parsed again, what is spoiled is refused."""

import random
import struct

import pytest

from media.quality.transport_feedback import MOST_PACKETS, Feedback, build, parse

# Chunks written by hand from the draft, 3.1.3 and 3.1.4.
RUN_OF_THREE_SMALL = 0x2003
ONE_BIT_VECTOR_FIRST_AND_LAST = 0xA001
TWO_BIT_VECTOR_SMALL_LARGE = 0xD800


def packet(first: int, told: int, reference: int, chunks: list[int], deltas: bytes) -> bytes:
    body = struct.pack("!LLHHL", 1, 2, first, told, reference << 8 | 7)
    body += b"".join(struct.pack("!H", chunk) for chunk in chunks) + deltas
    body += bytes(-len(body) % 4)
    return struct.pack("!BBH", 0x8F, 205, len(body) // 4) + body


def test_a_run_of_small_steps() -> None:
    data = packet(65534, 3, 5, [RUN_OF_THREE_SMALL], bytes([4, 80, 255]))
    assert parse(data) == Feedback(2, 65534, 5, 7, (4, 84, 339))


def test_one_bit_and_two_bit_lists() -> None:
    data = packet(9, 14, 5, [ONE_BIT_VECTOR_FIRST_AND_LAST], bytes([1, 2]))
    assert parse(data) == Feedback(2, 9, 5, 7, (1, *[None] * 12, 3))
    data = packet(9, 2, 5, [TWO_BIT_VECTOR_SMALL_LARGE], bytes([1]) + struct.pack("!h", -3))
    assert parse(data) == Feedback(2, 9, 5, 7, (1, -2))


@pytest.mark.parametrize("seed", range(40))
def test_what_is_built_is_parsed_again(seed: int) -> None:
    chance = random.Random(seed)
    first = chance.choice([0, 65500, chance.randrange(65536)])
    loss = chance.choice([0.0, 0.05, 0.5, 0.95])
    at = chance.randrange(1 << 40)
    arrivals: list[int | None] = []
    for _ in range(chance.choice([1, 7, 14, 15, 100, 1500])):
        at += chance.choice([0, 3, 20, 80, 255, 256, -300, 4000 if loss < 0.9 else 0])
        arrivals.append(None if chance.random() < loss else at)
    arrivals.append(at)
    data, told = build(77, 88, first, arrivals, 300)
    assert told == len(arrivals)
    assert len(data) % 4 == 0
    feedback = parse(data)
    assert feedback is not None
    assert (feedback.media_ssrc, feedback.first_number, feedback.count) == (88, first, 300 & 0xFF)
    zero = next(each for each in arrivals if each is not None) // 256 * 256
    assert feedback.reference == zero // 256 % (1 << 24)
    assert [None if each is None else each + zero for each in feedback.arrivals] == arrivals


def test_what_is_too_far_apart_in_time_goes_into_the_next() -> None:
    data, told = build(1, 2, 3, [100, None, 100 + 40_000, 100 + 40_001], 0)
    assert told == 1
    assert parse(data) == Feedback(2, 3, 0, 0, (100,))


def test_a_clean_second_of_voice_and_picture_is_small() -> None:
    """Every 60 ms of 100 packets a second: what the feedback costs on the way back."""
    data, _ = build(1, 2, 3, [100, 140, 180, 220, 260, 300], 0)
    assert len(data) <= 28


def test_spoiled_packets_are_refused() -> None:
    good = packet(9, 3, 5, [RUN_OF_THREE_SMALL], bytes([4, 80, 255]))
    assert parse(good) is not None
    assert parse(good[:-4]) is None
    assert parse(good + bytes(4)) is None
    assert parse(bytes([0x81]) + good[1:]) is None  # a NACK
    assert parse(packet(9, 0, 5, [], b"")) is None
    assert parse(packet(9, MOST_PACKETS + 1, 5, [0x1FFF] * 9, b"")) is None
    assert parse(packet(9, 3, 5, [0], bytes(3))) is None  # a run of none
    assert parse(packet(9, 3, 5, [0x6003], bytes(3))) is None  # the reserved symbol
    assert parse(packet(9, 9, 5, [0x2009], bytes(4))) is None  # times are missing


def test_twenty_thousand_spoiled_packets_break_nothing() -> None:
    """The half that must be refused, and the half that must still be kept."""
    chance = random.Random(5)
    whole, refused = 0, 0
    for _ in range(20_000):
        arrivals = [chance.choice([None, 900 + chance.randrange(300)]) for _ in range(20)]
        data = bytearray(build(1, 2, chance.randrange(65536), [*arrivals, 1000], 0)[0])
        whole += parse(bytes(data)) is not None
        for _ in range(chance.randrange(1, 5)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            data = data[: chance.randrange(len(data))]
        parsed = parse(bytes(data))
        refused += parsed is None
        assert parsed is None or len(parsed.arrivals) <= MOST_PACKETS
        parse(chance.randbytes(chance.randrange(80)))
    assert whole == 20_000
    assert refused > 5000
