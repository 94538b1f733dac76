"""The way of one desk's requests: lost, doubled, late, cut short, or answered by an old one."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import httpx

from app.remote.address import ANSWER_LIMIT_S, CONNECT_LIMIT_S
from tests.simulation.death import Fuse, ProcessDied
from tests.simulation.server_end import ServerEnd

LATE_MOST_S = 15.0
SLOWEST_S = 0.3
OLD_ANSWERS = 6
# An old answer about the audit chain is what its alarm is for; these two must bear it.
MAY_BE_OLD = ("/v1/feed", "/v1/push")


class Fate(StrEnum):
    WELL = "well"
    REQUEST_LOST = "request-lost"
    ANSWER_LOST = "answer-lost"
    DOUBLED = "doubled"
    LATE = "late"  # long after the asker gave up and asked anew
    CUT_SHORT = "cut-short"
    OLD_ANSWER = "old-answer"


ODDS = {
    Fate.WELL: 52,
    Fate.REQUEST_LOST: 10,
    Fate.ANSWER_LOST: 10,
    Fate.DOUBLED: 13,
    Fate.LATE: 5,
    Fate.CUT_SHORT: 4,
    Fate.OLD_ANSWER: 6,
}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Line(httpx.AsyncBaseTransport):
    """`is_faulty`: otherwise each request arrives once and its answer, too. `met` counts fates."""

    def __init__(self, server: ServerEnd, dice: random.Random) -> None:
        self._server = server
        self._dice = dice
        self._old: dict[str, list[_Answer]] = {}
        self.is_up = True
        self.is_faulty = True
        self.met: Counter[Fate] = Counter()
        self.fuse = Fuse(lambda: None)

    def forget_old_answers(self) -> None:
        """Of a server that was put back: those of before are of another history."""
        self._old.clear()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.fuse.is_dead:
            raise ProcessDied
        body = await request.aread()
        await asyncio.sleep(self._dice.uniform(0.0, SLOWEST_S))
        if not self.is_up:
            await asyncio.sleep(CONNECT_LIMIT_S)
            raise httpx.ConnectTimeout("swallowed", request=request)
        fate = self._fate()
        self.met[fate] += 1
        answer = await self._met(fate, request, body)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=httpx.ByteStream(answer.body),
            request=request,
        )

    def _fate(self) -> Fate:
        if not self.is_faulty:
            return Fate.WELL
        [fate] = self._dice.choices(list(ODDS), list(ODDS.values()))
        return fate

    async def _met(self, fate: Fate, request: httpx.Request, body: bytes) -> _Answer:
        path = request.url.path
        if fate is Fate.OLD_ANSWER and self._old.get(path):
            return self._dice.choice(self._old[path])
        if fate is Fate.LATE:
            self._server.requests.start(self._later(request, body), "late request")
        if fate in (Fate.REQUEST_LOST, Fate.LATE):
            await self._give_up(request)
        answer = await self._carried(request, body)
        if fate is Fate.DOUBLED:
            second = await self._carried(request, body)
            answer = self._dice.choice((answer, second))
        if fate is Fate.ANSWER_LOST:
            await self._give_up(request)
        if fate is Fate.CUT_SHORT:
            answer = _Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2])
        return answer

    async def _give_up(self, request: httpx.Request) -> None:
        await asyncio.sleep(ANSWER_LIMIT_S)
        raise httpx.ReadTimeout("swallowed", request=request)

    async def _later(self, request: httpx.Request, body: bytes) -> None:
        await asyncio.sleep(self._dice.uniform(0.0, LATE_MOST_S))
        try:
            await self._carried(request, body)
        except httpx.TransportError:
            pass  # nobody waits for it

    async def _carried(self, request: httpx.Request, body: bytes) -> _Answer:
        try:
            status, headers, content = await self._server.answer(_scope_of(request), body)
        except ConnectionRefusedError as error:
            raise httpx.ConnectError("down", request=request) from error
        except ConnectionError as error:
            raise httpx.ReadError("died", request=request) from error
        headers.pop("content-length", None)
        answer = _Answer(status, headers, content)
        if status == httpx.codes.OK and request.url.path in MAY_BE_OLD:
            kept = self._old.setdefault(request.url.path, [])
            kept.append(answer)
            del kept[:-OLD_ANSWERS]
        return answer


def _scope_of(request: httpx.Request) -> dict[str, object]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "server": ("127.0.0.1", 8470),
        "client": ("127.0.0.1", 40000),
        "root_path": "",
    }
