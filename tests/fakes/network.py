"""The way between one desk and the server in process: it can swallow everything, refuse, or repeat.

HTTP goes over ASGI; what is swallowed ends only by the asker's own limit, as on a real black hole.
"""

import asyncio
from collections import Counter
from enum import Enum

import httpx
from starlette.types import ASGIApp

from app.remote.address import ANSWER_LIMIT_S, CONNECT_LIMIT_S
from tests.fakes.asgi_socket import AsgiSocket
from tests.fakes.time_loop import TimeLoop, until


class Line(Enum):
    UP = "up"
    SWALLOWS = "swallows"
    REFUSES = "refuses"


class Network(httpx.AsyncBaseTransport):
    """One desk's line. `arrived` counts what reached the server, by method and path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._asgi = httpx.ASGITransport(app, client=("127.0.0.1", 40000))
        self._sockets: list[AsgiSocket] = []
        self._last_push: httpx.Request | None = None
        self.line = Line.UP
        self.arrived: Counter[str] = Counter()
        self.answers_to_lose: Counter[str] = Counter()

    # --- what a test does ------------------------------------------------------------------

    def cut(self) -> None:
        self.line = Line.SWALLOWS
        for socket in self._sockets:
            socket.hold()

    def refuse(self) -> None:
        self.line = Line.REFUSES
        self.breaks_sockets()

    def breaks_sockets(self) -> None:
        for socket in self._sockets:
            socket.breaks()

    async def heal(self, *, repeating_the_last_push: bool = False) -> None:
        """A desk that pushed nothing before the cut has its first push afterwards repeated."""
        self.line = Line.UP
        for socket in self._sockets:
            socket.release()
        if repeating_the_last_push:
            await until(lambda: self._last_push is not None)
            assert self._last_push is not None
            await self._carried(self._last_push)

    def loses_the_answer_to(self, path: str, times: int = 1) -> None:
        """Carried out by the server, never heard of here."""
        self.answers_to_lose[path] += times

    # --- httpx -----------------------------------------------------------------------------

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.line is Line.SWALLOWS:
            await asyncio.sleep(CONNECT_LIMIT_S)
            raise httpx.ConnectTimeout("swallowed", request=request)
        if self.line is Line.REFUSES:
            raise httpx.ConnectError("refused", request=request)
        if request.url.path == "/v1/push":
            self._last_push = request
        answer = await self._carried(request)
        if self.answers_to_lose[request.url.path]:
            self.answers_to_lose[request.url.path] -= 1
            await asyncio.sleep(ANSWER_LIMIT_S)
            raise httpx.ReadTimeout("swallowed", request=request)
        return answer

    async def _carried(self, request: httpx.Request) -> httpx.Response:
        self.arrived[f"{request.method} {request.url.path}"] += 1
        loop = asyncio.get_running_loop()
        assert isinstance(loop, TimeLoop)
        with loop.in_real_time():
            answer = await self._asgi.handle_async_request(request)
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            raw = b"".join([part async for part in answer.stream])  # packed as it came
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=httpx.ByteStream(raw),
            request=request,
        )

    # --- in the place of websockets.connect ------------------------------------------------------

    def open_socket(
        self, url: str, *, additional_headers: dict[str, str], **_: object
    ) -> AsgiSocket:
        socket = AsgiSocket(self._app, url, additional_headers, self._may_open)
        self._sockets.append(socket)
        return socket

    async def end(self) -> None:
        for socket in self._sockets:
            await socket.end()

    async def _may_open(self) -> None:
        if self.line is Line.SWALLOWS:
            await asyncio.sleep(CONNECT_LIMIT_S + ANSWER_LIMIT_S)
            raise TimeoutError
        if self.line is Line.REFUSES:
            raise ConnectionRefusedError
