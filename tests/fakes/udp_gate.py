"""A gate between peers inside one process: every datagram of every connection passes it, or not.

Loss by a seeded die, delay, a black hole, and targeted loss by a predicate. No root, no netem.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aioice.ice


class UdpGate:
    """`is_open = False`: packets of all kinds vanish, both ways, unanswered."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.is_open = True
        self.loss = 0.0
        self.delay_s = 0.0
        self.vanishes: Callable[[bytes], bool] = lambda data: False
        self.adds: Callable[[bytes], list[bytes]] = lambda data: []  # sent besides
        self.added = 0
        self.passed = 0
        self.lost = 0

    def pass_on(self, send: Callable[..., None], data: bytes, address: Any) -> None:
        is_lost = not self.is_open or self._random.random() < self.loss or self.vanishes(data)
        if is_lost:
            self.lost += 1
            return
        self.passed += 1
        for forged in self.adds(data):
            self.added += 1
            send(forged, address)
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, send, data, address)
        else:
            send(data, address)


class _GatedTransport:
    def __init__(self, transport: Any, gate: UdpGate) -> None:
        self._transport = transport
        self._gate = gate

    def sendto(self, data: bytes, address: Any) -> None:
        self._gate.pass_on(self._send, bytes(data), address)

    def _send(self, data: bytes, address: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@contextmanager
def udp_gate(seed: int = 1, *, is_both_ways: bool = False) -> Iterator[UdpGate]:
    """Connections made inside the block send through the gate.

    `is_both_ways`: the far side is another program; what comes from it passes the gate as well.
    """
    gate = UdpGate(seed)
    stock = aioice.ice.StunProtocol.connection_made

    def gated(protocol: Any, transport: Any) -> None:
        made: Any = _GatedTransport(transport, gate)
        stock(protocol, made)
        if is_both_ways:
            came = protocol.datagram_received
            protocol.datagram_received = lambda data, address: gate.pass_on(came, data, address)

    protocol_class: Any = aioice.ice.StunProtocol
    protocol_class.connection_made = gated
    try:
        yield gate
    finally:
        protocol_class.connection_made = stock
