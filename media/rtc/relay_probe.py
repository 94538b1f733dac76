"""How far away a relay is: one STUN question (RFC 8489) over the way media would take to it."""

import asyncio
import secrets
import ssl
import struct
from typing import Any

from app.domain.relays import Relay, RelayTransport

PROBE_LIMIT_S = 2.0
ASK_AGAIN_S = 0.25
MAGIC = 0x2112A442
HEADER = struct.Struct("!HHI12s")
BINDING, BINDING_ANSWER = 0x0001, 0x0101
ANSWER_MOST_BYTES = 2048


async def round_trip_s(relay: Relay, trust: ssl.SSLContext | None) -> float | None:
    """Of the question alone, without the handshakes before it; None: no answer in time."""
    try:
        async with asyncio.timeout(PROBE_LIMIT_S):
            if relay.transport is RelayTransport.UDP:
                return await _by_datagram(relay)
            return await _by_stream(relay, trust)
    except (OSError, asyncio.IncompleteReadError, ValueError):
        return None  # a TimeoutError, or a certificate that is refused, is an OSError, too


class _Answer(asyncio.DatagramProtocol):
    def __init__(self, asked: bytes) -> None:
        self._asked = asked
        self.came: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if is_answer(data, self._asked) and not self.came.done():
            self.came.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.came.done():
            self.came.set_exception(exc)


async def _by_datagram(relay: Relay) -> float:
    loop, asked = asyncio.get_running_loop(), question()
    transport, answer = await loop.create_datagram_endpoint(
        lambda: _Answer(asked), remote_addr=(relay.host, relay.port)
    )
    try:
        while True:
            asked_at = loop.time()
            transport.sendto(asked)
            await asyncio.wait({answer.came}, timeout=ASK_AGAIN_S)
            if answer.came.done():
                answer.came.result()
                return loop.time() - asked_at
    finally:
        answer.came.cancel()
        transport.close()


async def _by_stream(relay: Relay, trust: ssl.SSLContext | None) -> float:
    loop, asked = asyncio.get_running_loop(), question()
    reader, writer = await asyncio.open_connection(
        relay.host, relay.port, ssl=trust if relay.transport is RelayTransport.TLS else None
    )
    try:
        asked_at = loop.time()
        writer.write(asked)
        head = await reader.readexactly(HEADER.size)
        if not is_answer(head, asked):
            raise ValueError("no STUN")
        return loop.time() - asked_at
    finally:
        writer.transport.abort()


def question() -> bytes:
    return HEADER.pack(BINDING, 0, MAGIC, secrets.token_bytes(12))


def is_answer(data: bytes, asked: bytes) -> bool:
    if not HEADER.size <= len(data) <= ANSWER_MOST_BYTES:
        return False
    kind, _, magic, mark = HEADER.unpack_from(data)
    return (kind, magic, mark) == (BINDING_ANSWER, MAGIC, asked[8:])
