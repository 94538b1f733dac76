"""One listener's events of a device: bounded, in order, ended by name."""

import asyncio
from collections import deque

from app.domain.cuff import CuffEvent
from app.domain.failures import Code, Unavailable
from app.domain.measurement import LiveValue

WAITING_EVENTS = 1024  # a whole memory comes at once


class EventStream:
    """When full, the oldest live value gives way; where there is none, it is an overrun."""

    def __init__(self, waiting_events: int = WAITING_EVENTS) -> None:
        self._waiting_events = waiting_events
        self._events: deque[CuffEvent] = deque()
        self._news = asyncio.Event()
        self._is_over = False
        self._is_overrun = False

    def put(self, event: CuffEvent) -> None:
        if len(self._events) >= self._waiting_events and not self._gave_way():
            self._is_overrun = True
        if not self._is_overrun:
            self._events.append(event)
        self._news.set()

    def end(self) -> None:
        self._is_over = True
        self._news.set()

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> CuffEvent:
        while not self._events:
            if self._is_overrun:
                raise Unavailable(Code.OVERRUN, "events of a device were not taken")
            if self._is_over:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    def _gave_way(self) -> bool:
        for event in self._events:
            if isinstance(event, LiveValue):
                self._events.remove(event)
                return True
        return False
