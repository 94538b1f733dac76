"""WebSockets that open as soon as the line is back: fresh tries beside the one that still waits.

A try begun while the line was dead asks again after 1, 3, 7 s (RFC 6298), and so does a question
for a name. Here another is begun every half second, and what a name meant last is tried at once.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

from app.runtime.tasks import TaskOwner

TRY_EVERY_S = 0.5
TRY_LIMIT_S = 4.0
MOST_PLACES = 4  # addresses of one name that are tried side by side

Place = tuple[int, Any]  # family and socket address


class PromptConnection:
    """Called with the words of websockets' `connect`; remembers where its names led."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], list[Place]] = {}

    @asynccontextmanager
    async def __call__(
        self, uri: str, *, open_timeout: float, **words: Any
    ) -> AsyncIterator[ClientConnection]:
        parts = urlsplit(uri)
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        async with asyncio.timeout(open_timeout):
            reached = await self.reach(parts.hostname or "", port)
        async with connect(uri, sock=reached, open_timeout=open_timeout, **words) as opened:
            yield opened

    async def reach(self, host: str, port: int) -> socket.socket:
        """The first TCP connection that comes up; OSError when every place refuses."""
        now = asyncio.get_running_loop().time
        refusal = OSError("no address")
        async with TaskOwner("prompt connection") as tasks:
            running = {tasks.start(self._look_up(host, port), "name")}
            next_wave_at = now()
            while True:
                if now() >= next_wave_at:
                    next_wave_at = now() + TRY_EVERY_S
                    for place in self._known.get((host, port), []):
                        running.add(tasks.start(_try(place), "try"))
                if not running:
                    raise refusal
                done, running = await asyncio.wait(
                    running,
                    timeout=next_wave_at - now(),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                reached = []
                for task in done:
                    match task.result():
                        case OSError() as error:
                            refusal = error
                        case True:  # the name leads elsewhere than it did
                            next_wave_at = now()
                        case socket.socket() as each:
                            reached.append(each)
                for surplus in reached[1:]:
                    surplus.close()
                if reached:
                    return reached[0]

    async def _look_up(self, host: str, port: int) -> bool | OSError:
        """Whether the name leads elsewhere than it did."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
        except OSError as error:
            return error
        before = self._known.get((host, port))
        places: list[Place] = [(family, address) for family, *_, address in found]
        self._known[(host, port)] = places = places[:MOST_PLACES]
        return places != before


async def reach_any(places: Sequence[Place]) -> socket.socket:
    """The first of these that takes a TCP connection; OSError when none does."""
    refusal: OSError = OSError("no address")
    winner: socket.socket | None = None
    tries: list[asyncio.Task[socket.socket | OSError]] = []
    try:
        async with TaskOwner("reach any") as tasks:
            tries += [tasks.start(_try(place), "try") for place in places]
            for next_answer in asyncio.as_completed(tries):
                answer = await next_answer
                if not isinstance(answer, OSError):
                    winner = answer
                    return winner
                refusal = answer
    finally:
        for each in tries:
            surplus = None if each.cancelled() or not each.done() else each.result()
            if surplus is not winner and isinstance(surplus, socket.socket):
                surplus.close()
    raise refusal


async def _try(place: Place) -> socket.socket | OSError:
    family, address = place
    # The protocol is named: only then asyncio sets TCP_NODELAY.
    trying = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    is_reached = False
    try:
        trying.setblocking(False)
        async with asyncio.timeout(TRY_LIMIT_S):
            await asyncio.get_running_loop().sock_connect(trying, address)
        is_reached = True
    except OSError as error:  # a TimeoutError is one, too
        return error
    finally:
        if not is_reached:
            trying.close()
    return trying
