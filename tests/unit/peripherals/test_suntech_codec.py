"""Bytes to frames: vectors, every cut, noise, bounds and speed."""

import random
import time
from typing import Any

import pytest

from peripherals.drivers.fault import Fault, Why
from peripherals.drivers.suntech.codec import (
    MAX_FRAME_BYTES,
    Command,
    CuffPressure,
    Frame,
    Result,
    SunTechCodec,
    encode,
    host_frame,
)
from tests.unit.peripherals.suntech_vectors import FROM_DEVICE, TO_DEVICE, told

RESULT = bytes.fromhex("3e1873004a001e01000000000000310755005800000000e9")
PRESSURE = bytes.fromhex("3e050201ba")
DONE = bytes.fromhex("3e044b73")
ROUND_BYTES, ROUNDS = 2**17, 8
BUFFER_LIMIT_BYTES = 4096


def _name(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def _heard(*pieces: bytes) -> list[Frame | Fault]:
    """What comes out of pieces and the silence after the last of them."""
    codec = SunTechCodec()
    found = [item for piece in pieces for item in codec.feed(piece)]
    return found + codec.idle()


@pytest.mark.parametrize("vector", FROM_DEVICE, ids=_name)
def test_a_vector_says_what_it_must(vector: dict[str, Any]) -> None:
    assert told(_heard(bytes.fromhex(vector["hex"]))) == vector["expected"]


@pytest.mark.parametrize("vector", FROM_DEVICE, ids=_name)
def test_every_cut_gives_the_same(vector: dict[str, Any]) -> None:
    whole = bytes.fromhex(vector["hex"])
    expected = _heard(whole)
    for cut in range(len(whole) + 1):
        assert _heard(whole[:cut], whole[cut:]) == expected
    assert _heard(*(whole[n : n + 1] for n in range(len(whole)))) == expected


@pytest.mark.parametrize("vector", TO_DEVICE, ids=_name)
def test_a_command_is_the_published_one(vector: dict[str, Any]) -> None:
    assert encode(Command[vector["expected"]["command"]]).hex() == vector["hex"]


def test_every_command_has_a_vector() -> None:
    assert {v["expected"]["command"] for v in TO_DEVICE} == {command.name for command in Command}


def test_a_host_frame_sums_to_zero() -> None:
    noise = random.Random(20)
    for length in range(1, 20):
        assert sum(host_frame(noise.randbytes(length))) % 256 == 0


def test_seeded_cuts_of_a_noisy_stream_give_the_same() -> None:
    noise = random.Random(31)
    stream = b"".join(
        noise.choice((RESULT, PRESSURE, DONE, noise.randbytes(9), b"\x3e\x20")) for _ in range(200)
    )
    expected = _heard(stream)
    assert sum(isinstance(item, Result) for item in expected) > 20
    for _ in range(100):
        cuts = sorted(noise.sample(range(1, len(stream)), 30))
        ends = zip([0, *cuts], [*cuts, len(stream)], strict=True)
        assert _heard(*(stream[start:end] for start, end in ends)) == expected


def test_every_byte_is_in_a_frame_or_in_a_fault() -> None:
    noise = random.Random(5)
    stream = noise.randbytes(50_000) + RESULT + noise.randbytes(50_000)
    found = _heard(stream)
    counted = sum(f.byte_count if isinstance(f, Fault) else len(f.raw) for f in found)
    assert counted == len(stream)


def test_after_noise_the_line_is_regained_within_one_longest_frame() -> None:
    noise = random.Random(77)
    for _ in range(2_000):
        codec = SunTechCodec()
        codec.feed(noise.randbytes(50) + b"\x3e" + noise.randbytes(1))
        needed = 0
        while not any(isinstance(f, CuffPressure) and f.mmhg == 258 for f in codec.feed(PRESSURE)):
            needed += len(PRESSURE)
            assert needed <= MAX_FRAME_BYTES


def test_silence_regains_a_frame_that_a_false_sync_claimed() -> None:
    codec = SunTechCodec()
    assert codec.feed(b"\x3e\x40" + RESULT) == []
    cut_short, result = codec.idle()
    assert cut_short == Fault(Why.CUT_SHORT, 2)
    assert isinstance(result, Result) and result.systolic_mmhg == 115
    assert codec.is_between_frames


def test_the_buffer_stays_small_and_noise_raises_nothing() -> None:
    noise = random.Random(2)
    codec = SunTechCodec()
    for _ in range(64):
        codec.feed(noise.randbytes(ROUND_BYTES // 4))
        assert codec.buffered_bytes < MAX_FRAME_BYTES <= BUFFER_LIMIT_BYTES


def test_mutated_captures_raise_nothing_and_most_frames_survive() -> None:
    noise = random.Random(8)
    capture = bytearray((PRESSURE * 30 + DONE + RESULT) * 400)
    for _ in range(len(capture) // 200):
        capture[noise.randrange(len(capture))] = noise.randrange(256)
    found = _heard(bytes(capture))
    intact = sum(isinstance(item, CuffPressure) and item.mmhg == 258 for item in found)
    assert intact > 0.95 * 30 * 400


@pytest.mark.parametrize("kind", ["noise", "measurement"])
def test_a_megabyte_takes_less_than_a_second(kind: str) -> None:
    """Processor time of the best of some rounds, so that a busy machine does not decide.

    A wire brings 960 bytes a second.
    """
    if kind == "noise":
        data = random.Random(1).randbytes(ROUND_BYTES)
    else:
        cycle = PRESSURE * 150 + DONE + RESULT  # 30 s of pressure and what they came to
        data = (cycle * (ROUND_BYTES // len(cycle) + 1))[:ROUND_BYTES]
    best_s = min(_spent_s(data) for _ in range(ROUNDS))
    print(f"{kind}: {len(data) / 1e6 / best_s:.1f} MB/s")
    assert len(data) / best_s >= 1e6


def _spent_s(data: bytes) -> float:
    codec = SunTechCodec()
    started = time.process_time()
    found = codec.feed(data) + codec.idle()
    spent_s = time.process_time() - started
    assert found
    return spent_s
