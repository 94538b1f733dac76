"""Hands what the signalling socket hears to whoever asked for that kind of word."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.clock import Clock
from app.domain.failures import Code
from app.runtime.broadcast import Broadcast
from app.runtime.tasks import TaskOwner
from app.services.dispatch import Dispatch
from app.services.ports import Heard, SignallingChannel, SocketDown, SocketUp


@dataclass(frozen=True, slots=True)
class SocketState:
    """Whether the signalling socket is open, since when, and why not."""

    is_up: bool
    since: datetime
    code: Code | None = None


class Switchboard:
    def __init__(self, channel: SignallingChannel, clock: Clock) -> None:
        self.channel = channel
        self._clock = clock
        self._dispatch = Dispatch()
        self.socket: Broadcast[SocketState] = Broadcast(SocketState(False, clock.now()))
        self._tasks = TaskOwner("switchboard")

    def on(self, kind: type[Any], handler: Callable[[Any], None]) -> None:
        """`handler` is called on the loop for each word of that kind."""
        self._dispatch.on(kind, handler)

    def start(self) -> None:
        self._tasks.start_lasting(self._listen, "listen")

    async def close(self) -> None:
        await self._tasks.close()

    async def _listen(self) -> None:
        async with aclosing(self.channel.events()) as events:  # its socket does not outlive us
            async for heard in events:
                self._note_socket(heard)
                self._dispatch.hear(heard)

    def _note_socket(self, heard: Heard) -> None:
        now = self._clock.now()
        if isinstance(heard, SocketUp):
            self.socket.tell(SocketState(True, now))
        elif isinstance(heard, SocketDown):
            since = self.socket.value.since if not self.socket.value.is_up else now
            self.socket.tell(SocketState(False, since, heard.code))
