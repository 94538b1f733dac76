"""What is fed to codecs: random bytes, and captures made of the vectors, whole or mutated."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from peripherals.drivers.driver import Driver
from peripherals.drivers.fault import Fault

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors"
CHUNK_BYTES = 16 * 1024
MUTATED_SHARE = 200  # one byte of so many is changed, lost or doubled


def noise_of(driver: Driver, what: str) -> random.Random:
    """The same in every run, another for every driver."""
    return random.Random(crc32(f"{driver.name} {what}".encode()))


def from_device(driver: Driver) -> list[bytes]:
    vectors = json.loads((VECTORS / f"{driver.name}.json").read_text("utf-8"))["vectors"]
    return [bytes.fromhex(v["hex"]) for v in vectors if v["direction"] == "device-to-host"]


def frames_of(driver: Driver, byte_count: int) -> Iterator[bytes]:
    """The vectors that are frames from the first to the last byte, again and again."""
    good = [raw for raw in from_device(driver) if _is_good(driver, raw)]
    whole = b"".join(good)
    pieces = good if needs_silence(driver) else [whole * (CHUNK_BYTES // len(whole) + 1)]
    given = 0
    while given < byte_count:
        yield from pieces
        given += sum(map(len, pieces))


def needs_silence(driver: Driver) -> bool:
    """No frame is found before the line is silent: nothing else divides them."""
    return not any(driver.codec().feed(raw) for raw in from_device(driver) if _is_good(driver, raw))


def _is_good(driver: Driver, raw: bytes) -> bool:
    codec = driver.codec()
    return not any(isinstance(item, Fault) for item in [*codec.feed(raw), *codec.idle()])


def randoms(noise: random.Random, byte_count: int) -> Iterator[bytes]:
    for _ in range(0, byte_count, CHUNK_BYTES):
        yield noise.randbytes(CHUNK_BYTES)


def mutated(driver: Driver, noise: random.Random, byte_count: int) -> Iterator[bytes]:
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
