"""Desks of one site find each other by multicast DNS (RFC 6762, 6763) while they are open.

Anybody on the line hears and may forge what is told here: a random name, a port and a hash of the
server's key, and nothing of a person, a patient or this machine. Who is who is proven elsewhere.
"""

import asyncio
import ipaddress
import logging
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import ifaddr
from zeroconf import Error, InterfaceChoice, IPVersion, ServiceStateChange
from zeroconf import Zeroconf as Responder
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from app.runtime.tasks import TaskOwner

log = logging.getLogger(__name__)

SERVICE = "_bedside._tcp.local."
VERSION = b"1"
INSTANCE = re.compile(r"[0-9a-f]{32}")
ASK_LIMIT_MS = 3000
MOST_ASKED = 5  # times, of a name that nobody answers for
ASK_AGAIN_S = 2.0
MOST_NEIGHBOURS = 64
MOST_ADDRESSES = 8


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody who says that they are a desk of this site. `addresses` as `socket` reads them."""

    instance: str
    addresses: tuple[str, ...]
    port: int


def new_instance() -> str:
    """A name that says nothing; another at each start."""
    return secrets.token_hex(16)


class SitePresence:
    """`on_come` also when addresses or port of a neighbour changed; `on_go` when it has left.

    `interfaces`: own addresses to speak on, all when None. OSError when there is no network.
    """

    def __init__(
        self,
        site: str,
        instance: str,
        port: int,
        *,
        on_come: Callable[[Neighbour], None],
        on_go: Callable[[str], None],
        interfaces: Sequence[str] | None = None,
    ) -> None:
        self._site, self._instance, self._port = site, instance, port
        self._on_come, self._on_go = on_come, on_go
        self._interfaces = interfaces
        self._known: dict[str, Neighbour | None] = {}  # None: it has not answered yet
        self._asked: dict[str, bool] = {}  # and whether something changed meanwhile
        self._tasks = TaskOwner("near presence")
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None

    async def __aenter__(self) -> Self:
        zeroconf = self._zeroconf = _zeroconf(self._interfaces)
        try:
            self._browser = AsyncServiceBrowser(
                zeroconf.zeroconf, SERVICE, handlers=[self._changed]
            )
            info = _own_info(self._site, self._instance, self._port, self._interfaces)
            await (await zeroconf.async_register_service(info))
        except Error as error:
            await self._leave()
            raise OSError(type(error).__name__) from error
        except BaseException:
            await self._leave()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        """Says goodbye; whoever was here is gone for us, too."""
        await self._tasks.close()
        if self._browser is not None:
            await self._browser.async_cancel()
        if self._zeroconf is not None:
            await self._zeroconf.async_close()
        for name in list(self._known):
            self._gone(name)

    def _changed(
        self,
        zeroconf: Responder,
        service_type: str,
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        """The names of its words are the library's."""
        instance = name.removesuffix(f".{SERVICE}")
        if instance == self._instance or not INSTANCE.fullmatch(instance):
            return
        if state_change is ServiceStateChange.Removed:
            self._gone(instance)
        elif instance in self._known or len(self._known) < MOST_NEIGHBOURS:
            self._known.setdefault(instance, None)
            if instance not in self._asked:
                self._tasks.start(self._ask(zeroconf, instance), "ask")
            self._asked[instance] = True
        else:
            log.info("more desks on the line than are looked at")

    async def _ask(self, zeroconf: Responder, instance: str) -> None:
        """One for each name at a time, however often it changes."""
        try:
            tries = 0
            while self._asked[instance] and instance in self._known:
                self._asked[instance] = False
                info = await _answer_of(zeroconf, instance)
                tries += 1
                if info is not None:
                    self._told(instance, _neighbour_of(info, instance, self._site))
                elif tries == MOST_ASKED:
                    self._gone(instance)
                else:
                    await asyncio.sleep(ASK_AGAIN_S)
                    self._asked[instance] = True
        finally:
            del self._asked[instance]

    def _told(self, instance: str, neighbour: Neighbour | None) -> None:
        if instance not in self._known:
            return  # it has left meanwhile
        if neighbour is None:
            self._gone(instance)
        elif neighbour != self._known[instance]:
            self._known[instance] = neighbour
            self._on_come(neighbour)

    def _gone(self, instance: str) -> None:
        if self._known.pop(instance, None) is not None:
            self._on_go(instance)


async def _answer_of(zeroconf: Responder, instance: str) -> AsyncServiceInfo | None:
    info = AsyncServiceInfo(SERVICE, f"{instance}.{SERVICE}")
    try:
        return info if await info.async_request(zeroconf, ASK_LIMIT_MS) else None
    except (Error, OSError):
        return None


def _neighbour_of(info: AsyncServiceInfo, instance: str, site: str) -> Neighbour | None:
    """None: it is of another site, or no desk."""
    told = info.properties
    if told.get(b"v") != VERSION or told.get(b"site") != site.encode() or not info.port:
        return None
    places = sorted(filter(_may_be_dialled, info.parsed_scoped_addresses(IPVersion.All)))
    return Neighbour(instance, tuple(places[:MOST_ADDRESSES]), info.port) if places else None


def _zeroconf(interfaces: Sequence[str] | None) -> AsyncZeroconf:
    if interfaces is not None:
        return AsyncZeroconf(interfaces=list(interfaces))
    try:
        return AsyncZeroconf(InterfaceChoice.All, ip_version=IPVersion.All)
    except OSError:  # a machine without IPv6
        return AsyncZeroconf(InterfaceChoice.All, ip_version=IPVersion.V4Only)


def _own_info(
    site: str, instance: str, port: int, interfaces: Sequence[str] | None
) -> AsyncServiceInfo:
    """The host's name is the instance's: the machine's own name stays with the machine."""
    return AsyncServiceInfo(
        SERVICE,
        f"{instance}.{SERVICE}",
        port=port,
        properties={"v": VERSION, "site": site},
        server=f"{instance}.local.",
        addresses=[
            socket.inet_pton(socket.AF_INET6 if ":" in each else socket.AF_INET, each)
            for each in (_own_addresses() if interfaces is None else interfaces)
        ],
    )


def _own_addresses() -> list[str]:
    """Without those of IPv6 that mean something on one cable only: which cable cannot be told."""
    found = {
        ipaddress.ip_address(address.ip if isinstance(address.ip, str) else address.ip[0])
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
    }
    return sorted(
        str(each)
        for each in found
        if not (each.is_loopback or (each.version == 6 and each.is_link_local))
    )


def _may_be_dialled(address: str) -> bool:
    place = ipaddress.ip_address(address)
    return not (place.is_multicast or place.is_unspecified)
