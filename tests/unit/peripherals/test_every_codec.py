"""Laws that hold for the codec of every driver: cuts change nothing, noise hurts nobody.

Small sizes here; the nightly sizes of the long marks are those of `make bench-devices`.
"""

import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from peripherals.catalogue import ALL_DRIVERS
from peripherals.decoders import DECODER_OF_NAME
from peripherals.drivers.driver import Driver
from peripherals.drivers.fault import Fault

VECTORS = Path(__file__).parents[2] / "vectors"
BUFFER_LIMIT_BYTES = 4096
SEEDED_CUTS = 1_000
PIECES_MOST = 6
MEGABYTE = 1_000_000
RANDOM_BYTES, MUTATED_BYTES = 256 * 1024, 64 * 1024
NIGHTLY_RANDOM_BYTES, NIGHTLY_MUTATED_BYTES = 50 * MEGABYTE, 10 * MEGABYTE
MUTATED_SHARE = 200  # one byte of so many
CHUNK_BYTES = 16 * 1024

of_every_driver = pytest.mark.parametrize("driver", ALL_DRIVERS, ids=lambda one: one.name)


def from_device(driver: Driver) -> list[bytes]:
    vectors = json.loads((VECTORS / f"{driver.name}.json").read_text("utf-8"))["vectors"]
    return [bytes.fromhex(v["hex"]) for v in vectors if v["direction"] == "device-to-host"]


def heard(driver: Driver, *pieces: bytes) -> list[Any]:
    """What comes out of pieces and the silence after the last of them."""
    codec = driver.codec()
    found = [item for piece in pieces for item in codec.feed(piece)]
    found += codec.idle()
    assert codec.buffered_bytes == 0
    return found


def noise_of(driver: Driver, what: str) -> random.Random:
    """The same in every run, another for every driver."""
    return random.Random(crc32(f"{driver.name} {what}".encode()))


def mutated(driver: Driver, byte_count: int) -> Iterator[bytes]:
    """All vectors one after the other, again and again, some bytes changed, lost or doubled."""
    noise = noise_of(driver, "mutated")
    capture = b"".join(from_device(driver))
    given = 0
    while given < byte_count:
        chunk = bytearray(capture * (CHUNK_BYTES // len(capture) + 1))
        for _ in range(len(chunk) // MUTATED_SHARE):
            place = noise.randrange(len(chunk))
            match noise.randrange(3):
                case 0:
                    chunk[place] = noise.randrange(256)
                case 1:
                    del chunk[place]
                case _:
                    chunk.insert(place, chunk[place])
        given += len(chunk)
        yield bytes(chunk)


def randoms(driver: Driver, byte_count: int) -> Iterator[bytes]:
    noise = noise_of(driver, "random")
    for _ in range(0, byte_count, CHUNK_BYTES):
        yield noise.randbytes(CHUNK_BYTES)


def endures(driver: Driver, chunks: Iterator[bytes]) -> int:
    """How many frames and faults came; no exception, and a small buffer after every chunk."""
    codec = driver.codec()
    found = 0
    for number, chunk in enumerate(chunks):
        found += len(codec.feed(chunk))
        assert codec.buffered_bytes <= BUFFER_LIMIT_BYTES
        if number % 16 == 0:
            found += len(codec.idle())
    return found + len(codec.idle())


@of_every_driver
def test_a_driver_has_vectors_and_a_decoder(driver: Driver) -> None:
    assert from_device(driver)
    assert driver.name in DECODER_OF_NAME


@of_every_driver
def test_every_cut_into_two_and_byte_by_byte_gives_the_same(driver: Driver) -> None:
    for whole in from_device(driver):
        expected = heard(driver, whole)
        for cut in range(len(whole) + 1):
            assert heard(driver, whole[:cut], whole[cut:]) == expected, (whole.hex(), cut)
        assert heard(driver, *(whole[n : n + 1] for n in range(len(whole)))) == expected


@of_every_driver
def test_a_thousand_seeded_cuts_of_each_vector_give_the_same(driver: Driver) -> None:
    noise = noise_of(driver, "cuts")
    for whole in from_device(driver):
        expected = heard(driver, whole)
        for _ in range(SEEDED_CUTS):
            count = noise.randint(1, PIECES_MOST - 1)
            cuts = sorted(noise.randint(0, len(whole)) for _ in range(count))
            pieces = [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]
            assert heard(driver, *pieces) == expected, (whole.hex(), cuts)


@of_every_driver
def test_cuts_of_vectors_in_noise_give_the_same(driver: Driver) -> None:
    """One stream, longer than any buffer, so that frames lie across every border."""
    noise = noise_of(driver, "stream")
    parts = from_device(driver)
    stream = b"".join(noise.choice(parts) + noise.randbytes(noise.randrange(9)) for _ in range(150))
    expected = heard(driver, stream)
    for _ in range(5):
        cuts = sorted(noise.sample(range(1, len(stream)), min(40, len(stream) - 1)))
        pieces = [stream[start:end] for start, end in pairwise([0, *cuts, len(stream)])]
        assert heard(driver, *pieces) == expected


@of_every_driver
def test_every_byte_is_in_a_frame_or_in_a_fault(driver: Driver) -> None:
    noise = noise_of(driver, "count")
    stream = noise.randbytes(20_000) + b"".join(from_device(driver)) + noise.randbytes(20_000)
    counted = sum(
        item.byte_count if isinstance(item, Fault) else len(item.raw)
        for item in heard(driver, stream)
    )
    assert counted == len(stream)


@of_every_driver
def test_random_bytes_raise_nothing_and_fill_no_buffer(driver: Driver) -> None:
    assert endures(driver, randoms(driver, RANDOM_BYTES)) > 0


@of_every_driver
def test_mutated_vectors_raise_nothing_and_fill_no_buffer(driver: Driver) -> None:
    assert endures(driver, mutated(driver, MUTATED_BYTES)) > 0


@pytest.mark.long
@pytest.mark.timeout(600)
@of_every_driver
def test_a_night_of_random_bytes(driver: Driver) -> None:
    assert endures(driver, randoms(driver, NIGHTLY_RANDOM_BYTES)) > 0


@pytest.mark.long
@pytest.mark.timeout(600)
@of_every_driver
def test_a_night_of_mutated_vectors(driver: Driver) -> None:
    assert endures(driver, mutated(driver, NIGHTLY_MUTATED_BYTES)) > 0
