"""A narrow line between peers inside one process: each side's datagrams pass a place of a given
rate, with a queue that overflows, and take their time. No root, no netem.
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aioice.ice

IP_UDP_BYTES = 28


class NarrowLine:
    """Of both directions alike; `waits` are (when, how long) of each datagram that got through."""

    def __init__(self, rate_bit_s: float, delay_s: float, queue_s: float, seed: int) -> None:
        self.rate_bit_s = rate_bit_s
        self.delay_s = delay_s
        self.queue_s = queue_s
        self.loss = 0.0
        self.random = random.Random(seed)
        self.waits: list[tuple[float, float]] = []
        self.overflowed = 0
        self.datagrams: list[tuple[float, int, int]] = []  # when, whose, bytes on the wire

    def queue_p95_s(self, since_s: float) -> float:
        waits = sorted(wait for at, wait in self.waits if at >= since_s)
        return waits[int(0.95 * (len(waits) - 1))]


class _NarrowTransport:
    def __init__(self, transport: Any, line: NarrowLine, number: int) -> None:
        self._transport = transport
        self._line = line
        self._number = number
        self._free_s = 0.0

    def sendto(self, data: bytes, address: Any) -> None:
        loop, line = asyncio.get_running_loop(), self._line
        now, size = loop.time(), len(data) + IP_UDP_BYTES
        wait_s = max(0.0, self._free_s - now)
        if line.random.random() < line.loss:
            return
        if wait_s > line.queue_s:
            line.overflowed += 1
            return
        line.waits.append((now, wait_s))
        line.datagrams.append((now, self._number, size))
        self._free_s = max(now, self._free_s) + size * 8 / line.rate_bit_s
        loop.call_at(self._free_s + line.delay_s, self._send, bytes(data), address)

    def _send(self, data: bytes, address: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@contextmanager
def narrow_line(
    rate_bit_s: float, *, delay_s: float = 0.025, queue_s: float = 0.3, seed: int = 1
) -> Iterator[NarrowLine]:
    """Connections made inside the block send over it, each socket with a queue of its own."""
    line = NarrowLine(rate_bit_s, delay_s, queue_s, seed)
    stock = aioice.ice.StunProtocol.connection_made
    numbers = iter(range(1 << 30))

    def narrowed(protocol: Any, transport: Any) -> None:
        made: Any = _NarrowTransport(transport, line, next(numbers))
        stock(protocol, made)

    protocol_class: Any = aioice.ice.StunProtocol
    protocol_class.connection_made = narrowed
    try:
        yield line
    finally:
        protocol_class.connection_made = stock
