"""Another address or route is told once, and what the kernel says of addresses is read whole."""

import asyncio
import random
import socket
import struct

import pytest

from app.runtime import network_watch
from app.runtime.network_watch import LOOK_EVERY_S, NetworkWatch, Standing, is_ours, read_dump
from app.runtime.tasks import TaskOwner
from tests.fakes.virtual_time import run


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def address_row(interface: int, scope: int, attributes: bytes, kind: int = 20) -> bytes:
    body = struct.pack("=BBBBI", socket.AF_INET, 24, 0, scope, interface) + attributes
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 7) + body


def test_addresses_that_reach_further_are_read() -> None:
    data = (
        address_row(2, 0, attribute(1, b"\x0a\0\0\x01") + attribute(2, b"\x0a\0\0\x02"))
        + address_row(1, 254, attribute(1, b"\x7f\0\0\x01"))  # loopback
        + address_row(3, 253, attribute(1, b"\xfe\x80" + bytes(14)))  # of one cable
        + address_row(4, 0, attribute(3, b"eth0\0") + attribute(1, b"\xc0\0\x02\x09"))
        + address_row(5, 0, attribute(1, b"\xc0\0\x02\x0a"), kind=16)  # not of an address
    )
    assert read_dump(data) == (False, [(2, b"\x0a\0\0\x02"), (4, b"\xc0\0\x02\x09")])
    assert read_dump(data + struct.pack("=IHHII", 20, 3, 2, 1, 7) + bytes(4))[0]


def test_whatever_the_kernel_says_reading_ends() -> None:
    chance = random.Random(8)
    whole = address_row(2, 0, attribute(1, b"\x0a\0\0\x01")) * 3
    for _ in range(2000):
        spoiled = bytearray(whole[: chance.randrange(len(whole))])
        for _ in range(min(len(spoiled), 3)):
            spoiled[chance.randrange(len(spoiled))] = chance.choice([0, 1, 3, 4, 255])
        read_dump(bytes(spoiled))


def test_a_change_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    here: list[Standing] = [frozenset({(2, b"one")})]
    monkeypatch.setattr(network_watch, "standing", lambda: here[-1])
    monkeypatch.setattr(network_watch, "_open_netlink", lambda groups: None)
    told: list[float] = []

    async def story() -> None:
        now = asyncio.get_running_loop().time
        async with TaskOwner("test") as tasks:
            tasks.start_lasting(NetworkWatch(lambda: told.append(now())).run, "watch")
            await asyncio.sleep(5.5)
            here.append(frozenset())
            await asyncio.sleep(5)
            here.append(frozenset({(2, b"two")}))
            await asyncio.sleep(5)

    run(story())
    assert len(told) == 2
    assert told[0] - 5.5 <= LOOK_EVERY_S
    assert told[1] - 10.5 <= LOOK_EVERY_S


def test_which_addresses_are_ours() -> None:
    assert is_ours("127.0.0.1")
    assert not is_ours("203.0.113.77")
