"""Signalling without sockets: what happens while the database keeps everybody waiting."""

import asyncio
from datetime import datetime
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket, WebSocketState

from app.contract.signalling import Join, Seat
from app.domain.access import Role
from app.domain.failures import Code
from app.domain.ids import DeviceId, PersonId, VisitId, new_id
from app.runtime.tasks import TaskOwner
from server.auth import Caller
from server.signalling import service
from server.signalling.line import Line
from server.signalling.rooms import Rooms
from server.signalling.service import Signalling
from tests.server.given import HandClock

FIRST, SECOND = VisitId(new_id()), VisitId(new_id())


class SlowPresence:
    """Answers for the second visit only when it may."""

    def __init__(self) -> None:
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def why_not_to_join(self, visit: VisitId, person: PersonId) -> Code | None:
        if visit == SECOND:
            self.asked.set()
            await self.may_answer.wait()
        return None

    async def is_interrupted(self, visit: VisitId) -> bool:
        return False

    async def seats(self) -> list[tuple[VisitId, Seat]]:
        return []

    async def joined(self, visit: VisitId, seat: Seat) -> None: ...
    async def left(self, visit: VisitId, seat: Seat, why: Code | None) -> None: ...
    async def interrupted(self, visit: VisitId, since: datetime) -> None: ...
    async def resumed(self, visit: VisitId) -> None: ...


class Speaker:
    """A socket on which these words come, and then nothing."""

    client_state = WebSocketState.DISCONNECTED

    def __init__(self, *words: Join) -> None:
        self._words = [word.model_dump_json() for word in words]

    async def receive(self) -> dict[str, Any]:
        if not self._words:
            await asyncio.Event().wait()
        return {"type": "websocket.receive", "text": self._words.pop(0)}

    async def send_text(self, text: str) -> None: ...


async def test_who_is_gone_while_the_seat_is_looked_up_gets_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A seat without a socket would live for ever and hold out everybody else of its role."""
    monkeypatch.setattr(service, "EFFECTS_MAX", 2)  # full after the first seat: nothing is written
    rooms, presence, clock = Rooms(60, 900), SlowPresence(), HandClock()

    async def until(_: object) -> datetime | None:
        await asyncio.Event().wait()
        return None

    signalling = Signalling(rooms, presence, clock, lambda: 0, until)
    who = Caller(new_id(), PersonId(new_id()), "Dr Lin", Role.CLINICIAN, DeviceId(new_id()))
    line = Line(cast(WebSocket, Speaker(Join(visit=FIRST), Join(visit=SECOND))))
    async with asyncio.timeout(5), TaskOwner("test") as tasks:
        tasks.start(signalling.serve(line, who), "serve")
        await presence.asked.wait()
        line.close(1000)
        while rooms.is_seated(FIRST, who.device):  # noqa: ASYNC110  # until its loss is known
            await asyncio.sleep(0)
        presence.may_answer.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not rooms.is_seated(SECOND, who.device)
