"""Tells when this machine's way to the network changes: another address, another route.

On Linux the kernel says so (rtnetlink(7)); elsewhere it is looked at each second. A line that only
goes silent changes nothing here and is noticed by whoever listens on it.
"""

import asyncio
import logging
import socket
import struct
import sys
from collections.abc import Callable, Iterator

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0  # where the kernel does not tell
SETTLE_S = 0.05  # one change is many messages
# Nothing is sent there: connecting a datagram socket only asks for the route (RFC 5737, RFC 3849).
FAR_AWAY = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h
HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port
ADDRESS_HEAD = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, interface
ATTRIBUTE = struct.Struct("=HH")  # length, type
DONE, NEW_ADDRESS, GET_ADDRESS = 3, 20, 22
REQUEST_DUMP = 0x301
GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400  # links, addresses and routes of both families
LINK_SCOPE = 253  # of this and above nobody beyond the next cable is reached
ADDRESS, LOCAL_ADDRESS = 1, 2
READ_BYTES = 65536
MOST_READS = 64

Standing = frozenset[tuple[int, bytes]]


class NetworkWatch:
    """`on_change` is called on the loop, once for each change."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Until its task is ended."""
        netlink = _open_netlink(GROUPS)
        loop = asyncio.get_running_loop()
        if netlink is not None:
            loop.add_reader(netlink.fileno(), self._drain, netlink)
        try:
            await self._watch(None if netlink is not None else LOOK_EVERY_S)
        finally:
            if netlink is not None:
                loop.remove_reader(netlink.fileno())
                netlink.close()

    async def _watch(self, look_every_s: float | None) -> None:
        known = standing()
        while True:
            try:
                async with asyncio.timeout(look_every_s):
                    await self._woken.wait()
                await asyncio.sleep(SETTLE_S)
            except TimeoutError:
                pass
            self._woken.clear()
            now = standing()
            if now != known:
                known = now
                log.info("the way to the network has changed")
                self._on_change()

    def _drain(self, netlink: socket.socket) -> None:
        """What it says does not matter, and too much of it (ENOBUFS) says the same."""
        try:
            for _ in range(MOST_READS):
                netlink.recv(READ_BYTES)
        except OSError:
            pass
        self._woken.set()


def standing() -> Standing:
    """Our addresses, and which of them would be used for what is far away."""
    return frozenset(_addresses()) | {
        (family, here) for family, far in FAR_AWAY if (here := _source_towards(family, far))
    }


def is_ours(address: str) -> bool:
    """Whether this machine (still) has the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        try:
            asking.bind((address, 0))
        except OSError:
            return False
    return True


def _source_towards(family: int, far: str) -> bytes | None:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((far, 9))
            here: str = asking.getsockname()[0]
    except OSError:
        return None
    return b"towards " + here.encode()


def _open_netlink(groups: int) -> socket.socket | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
    except OSError:
        return None  # a sandbox may forbid it
    netlink.setblocking(False)
    try:
        netlink.bind((0, groups))
    except OSError:
        netlink.close()
        return None
    return netlink


def _addresses() -> Iterator[tuple[int, bytes]]:
    """(interface, address) of all that reach beyond the next cable; nothing where it is unknown."""
    netlink = _open_netlink(0)
    if netlink is None:
        return
    with netlink:
        netlink.settimeout(0.2)
        asked = HEADER.pack(HEADER.size + ADDRESS_HEAD.size, GET_ADDRESS, REQUEST_DUMP, 1, 0)
        try:
            netlink.send(asked + ADDRESS_HEAD.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
            for _ in range(MOST_READS):
                is_done, found = read_dump(netlink.recv(READ_BYTES))
                yield from found
                if is_done:
                    return
        except OSError:
            return


def read_dump(data: bytes) -> tuple[bool, list[tuple[int, bytes]]]:
    """(whether the kernel has said all, the addresses in this part of its answer)."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at + HEADER.size <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, at)
        if kind == DONE:
            return True, found
        if length < HEADER.size or at + length > len(data):
            break
        if kind == NEW_ADDRESS and length >= HEADER.size + ADDRESS_HEAD.size:
            body = data[at + HEADER.size : at + length]
            _, _, _, scope, interface = ADDRESS_HEAD.unpack_from(body)
            address = _address_in(body[ADDRESS_HEAD.size :])
            if scope < LINK_SCOPE and address is not None:
                found.append((interface, address))
        at += -(-length // 4) * 4
    return False, found


def _address_in(attributes: bytes) -> bytes | None:
    """Ours; on a line between two points the plain one is the other end's."""
    of_kind = {}
    at = 0
    while at + ATTRIBUTE.size <= len(attributes):
        length, kind = ATTRIBUTE.unpack_from(attributes, at)
        if length < ATTRIBUTE.size:
            break
        of_kind[kind] = attributes[at + ATTRIBUTE.size : at + length]
        at += -(-length // 4) * 4
    return of_kind.get(LOCAL_ADDRESS, of_kind.get(ADDRESS))
