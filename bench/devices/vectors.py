"""Every codec on known bytes: read as written, and the same however they are cut."""

import random
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from bench.devices.amount import Amount
from bench.devices.captures import from_device, noise_of
from bench.rows import Row
from peripherals.catalogue import ALL_DRIVERS, DRIVERS
from peripherals.drivers.driver import Driver
from tests.shared_vectors import read_shared_vectors
from tests.unit.peripherals import pressure_vectors, suntech_vectors, told_vectors
from tests.unit.peripherals.published_vectors import assert_read_as_published

NONE_GOAL = "== 0"
PIECES_MOST = 6


def rows(amount: Amount) -> Iterator[Row]:
    for driver in ALL_DRIVERS:
        yield _vectors(driver)
        yield _cuts(driver, amount)
    published = read_shared_vectors()
    if published is not None:
        wrong = sum(not _is_as_published(vector) for vector in published)
        note = "by `python -m peripherals.decode`, of devices with and without a driver"
        name = "decoders: published vectors read otherwise than they say"
        yield Row(name, "vectors", wrong, len(published), {}, note, NONE_GOAL)


def _vectors(driver: Driver) -> Row:
    read = list(_read_as_written(driver.name))
    name = f"decoder {driver.name}: vectors read otherwise than they say"
    note = f"tests/vectors/{driver.name}.json, what the device says; good and bad ones"
    return Row(name, "vectors", read.count(False), len(read), {}, note, NONE_GOAL)


def _read_as_written(name: str) -> Iterator[bool]:
    if name == "suntech":
        for one in suntech_vectors.FROM_DEVICE:
            said = suntech_vectors.told(_heard(DRIVERS[name], bytes.fromhex(one["hex"])))
            yield said == one["expected"]
    elif name in pressure_vectors.NAMES:
        for vector in pressure_vectors.vectors_of(name):
            if vector.is_from_device:
                yield _agrees(pressure_vectors.decoded(vector), vector.expected)
    else:
        for one in told_vectors.vectors_of(name):
            if one["direction"] == "device-to-host":
                said = told_vectors.told(name, bytes.fromhex(one["hex"]))
                yield told_vectors.fits(one["expected"], said)


def _agrees(said: list[dict[str, Any]], expected: list[dict[str, Any]]) -> bool:
    pairs = zip(said, expected, strict=False)
    return len(said) == len(expected) and all(pressure_vectors.agrees(*pair) for pair in pairs)


def _is_as_published(vector: dict[str, Any]) -> bool:
    try:
        assert_read_as_published(vector)
    except AssertionError:
        return False
    return True


def _cuts(driver: Driver, amount: Amount) -> Row:
    noise, tried, changed = noise_of(driver, "cuts"), 0, 0
    for whole in from_device(driver):
        expected = _heard(driver, whole)
        for pieces in _cut(whole, noise, amount.seeded_cuts):
            tried += 1
            changed += _heard(driver, *pieces) != expected
    return Row(
        f"decoder {driver.name}: cuts that change what is read",
        "cuts",
        changed,
        tried,
        {},
        f"every vector: in two at every place, byte by byte, and {amount.seeded_cuts} times in 2 "
        f"to {PIECES_MOST} pieces",
        NONE_GOAL,
    )


def _cut(whole: bytes, noise: random.Random, seeded: int) -> Iterator[list[bytes]]:
    for place in range(len(whole) + 1):
        yield [whole[:place], whole[place:]]
    yield [whole[n : n + 1] for n in range(len(whole))]
    for _ in range(seeded):
        count = noise.randint(1, PIECES_MOST - 1)
        cuts = sorted(noise.randint(0, len(whole)) for _ in range(count))
        yield [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]


def _heard(driver: Driver, *pieces: bytes) -> list[Any]:
    """What comes out of pieces and the silence after the last of them."""
    codec = driver.codec()
    found = [item for piece in pieces for item in codec.feed(piece)]
    return [*found, *codec.idle()]
