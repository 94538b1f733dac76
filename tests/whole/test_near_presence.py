"""Desks that find each other by multicast DNS: the real library, on this machine's own line."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from app.remote import near_presence
from app.remote.near_presence import SERVICE, Neighbour, SitePresence, new_instance

LOOPBACK = ("127.0.0.1",)
LIMIT_S = 30.0


@dataclass
class Desk:
    """What it was told, in order."""

    port: int
    site: str = "0123456789abcdef"
    instance: str = field(default_factory=new_instance)
    told: list[Neighbour | str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, told: Neighbour | str) -> None:
        self.told.append(told)
        self.changed.set()

    async def hears(self, *expected: Neighbour | str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while self.told != list(expected):
                await self.changed.wait()
                self.changed.clear()

    @property
    def as_neighbour(self) -> Neighbour:
        return Neighbour(self.instance, LOOPBACK, self.port)

    @asynccontextmanager
    async def present(self) -> AsyncIterator["Desk"]:
        async with SitePresence(
            self.site,
            self.instance,
            self.port,
            on_come=self.hear,
            on_go=self.hear,
            interfaces=LOOPBACK,
        ):
            yield self


@asynccontextmanager
async def announced(*desks: tuple[str, dict[str, bytes]]) -> AsyncIterator[None]:
    """Others on the line, each a name with words of its own."""
    zeroconf = AsyncZeroconf(interfaces=list(LOOPBACK))

    async def register(name: str, properties: dict[str, bytes]) -> None:
        info = AsyncServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            port=7,
            properties=properties,
            server=f"{new_instance()}.local.",
            addresses=[socket.inet_aton("127.0.0.1")],
        )
        await (await zeroconf.async_register_service(info))

    try:
        await asyncio.gather(*(register(*desk) for desk in desks))
        yield
    finally:
        await zeroconf.async_close()


async def test_two_desks_of_a_site_find_each_other_and_one_leaves() -> None:
    one, two, elsewhere = Desk(1001), Desk(1002), Desk(1003, site="of another")
    async with one.present(), elsewhere.present():
        async with two.present():
            await one.hears(two.as_neighbour)
            await two.hears(one.as_neighbour)
        await one.hears(two.as_neighbour, two.instance)
        await two.hears(one.as_neighbour, one.instance)  # who leaves has nobody any more
        assert elsewhere.told == []
    assert one.told == [two.as_neighbour, two.instance]


async def test_who_looks_like_no_desk_is_not_told_and_those_after_it_are() -> None:
    one, two = Desk(1001), Desk(1002)
    site = one.site.encode()
    async with (
        announced(
            ("Dr Lin's desk", {"v": b"1", "site": site}),
            (new_instance(), {"v": b"2", "site": site}),
            (new_instance(), {"v": b"1"}),
            (new_instance(), {"v": b"1", "site": site[:-1]}),
        ),
        one.present(),
        two.present(),
    ):
        await one.hears(two.as_neighbour)
        await asyncio.sleep(0.5)
        assert one.told == [two.as_neighbour]


async def test_nothing_of_this_machine_is_said() -> None:
    one = Desk(1001)
    async with one.present():
        zeroconf = AsyncZeroconf(interfaces=list(LOOPBACK))
        try:
            info = AsyncServiceInfo(SERVICE, f"{one.instance}.{SERVICE}")
            assert await info.async_request(zeroconf.zeroconf, 5000)
        finally:
            await zeroconf.async_close()
    assert info.properties == {b"v": b"1", b"site": one.site.encode()}
    assert info.server == f"{one.instance}.local."
    assert socket.gethostname() not in str(info)


async def test_a_crowd_of_names_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_presence, "MOST_NEIGHBOURS", 1)
    one, two, three = Desk(1001), Desk(1002), Desk(1003)
    async with one.present():
        async with two.present():
            await one.hears(two.as_neighbour)
            async with three.present():
                await asyncio.sleep(1.0)
                assert one.told == [two.as_neighbour]
        await one.hears(two.as_neighbour, two.instance)
        four = Desk(1004)
        async with four.present():
            await one.hears(two.as_neighbour, two.instance, four.as_neighbour)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_network_that_is_not_there_is_an_os_error() -> None:
    """The library leaves a socket of its own to the collector then."""
    with pytest.raises(OSError):
        async with SitePresence(
            "site", new_instance(), 1, on_come=print, on_go=print, interfaces=["192.0.2.99"]
        ):
            pass
