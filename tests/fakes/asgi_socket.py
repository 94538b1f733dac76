"""A WebSocket to a server in process: websockets' client on one side, ASGI on the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Self
from urllib.parse import urlsplit

from starlette.types import ASGIApp
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.http11 import Response

from app.runtime.tasks import TaskOwner

Message = MutableMapping[str, Any]

GIVES_UP_S = 7.0  # a ping every 3 s that is waited for 4 s
SERVER_GIVES_UP_S = 40.0
WAITING = 1000


class AsgiSocket:
    """Also an async context manager and the socket's own `transport`."""

    def __init__(
        self,
        app: ASGIApp,
        url: str,
        headers: dict[str, str],
        may_open: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = app
        self._scope = _scope_of(url, headers)
        self._may_open = may_open
        self._to_server: asyncio.Queue[Message] = asyncio.Queue(WAITING)
        self._to_client: asyncio.Queue[str | None] = asyncio.Queue(WAITING)
        self._is_through = asyncio.Event()
        self._is_through.set()
        self._answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks = TaskOwner("socket in process")
        self._has_given_up = False
        self.is_open = False

    # --- what the network does -----------------------------------------------------------------

    def hold(self) -> None:
        """Words wait, both ways; each end gives up after its own time."""
        if self._is_through.is_set():
            self._is_through.clear()
            self._tasks.start(self._give_up(), "giving up")

    def release(self) -> None:
        if self._has_given_up:  # what comes back says that this socket is unknown
            self._disconnect()
        self._is_through.set()

    def breaks(self) -> None:
        """Both ends notice at once."""
        self._has_given_up = True
        self._to_client.put_nowait(None)
        self._disconnect()
        self._is_through.set()

    def _disconnect(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def _give_up(self) -> None:
        try:
            async with asyncio.timeout(GIVES_UP_S):
                await self._is_through.wait()
                return
        except TimeoutError:
            self._has_given_up = True
            self._to_client.put_nowait(None)
        try:
            async with asyncio.timeout(SERVER_GIVES_UP_S - GIVES_UP_S):
                await self._is_through.wait()
        except TimeoutError:
            self._disconnect()
            self._is_through.set()

    # --- as websockets' client -------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self._may_open()
        self._to_server.put_nowait({"type": "websocket.connect"})
        self._tasks.start(self._serve(), "serving")
        status = await self._answered
        if status != 101:
            raise InvalidStatus(Response(status, "", Headers()))
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False
        self.abort()

    @property
    def transport(self) -> Self:
        return self

    def abort(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        self._to_client.put_nowait(None)

    async def send(self, text: str) -> None:
        if not self.is_open:
            raise ConnectionClosedError(None, None)
        await self._to_server.put({"type": "websocket.receive", "text": text})

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            text = await self._to_client.get()
            if text is None:
                raise ConnectionClosedError(None, None)
            yield text

    async def end(self) -> None:
        await self._tasks.close()

    # --- as the server sees it -------------------------------------------------------------------

    async def _serve(self) -> None:
        await self._app(self._scope, self._receive, self._send)
        if not self._answered.done():
            self._answered.set_result(500)
        self._to_client.put_nowait(None)

    async def _receive(self) -> Message:
        message = await self._to_server.get()
        if message["type"] == "websocket.receive":
            await self._is_through.wait()
            if self._has_given_up:
                return {"type": "websocket.disconnect", "code": 1006}
        return message

    async def _send(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._answered.set_result(101)
            case "websocket.http.response.start":
                self._answered.set_result(message["status"])
            case "websocket.send":
                await self._is_through.wait()
                await self._to_client.put(message["text"])
            case "websocket.close":
                await self._to_client.put(None)


def _scope_of(url: str, headers: dict[str, str]) -> Message:
    parts = urlsplit(url)
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40000),
        "server": (parts.hostname, parts.port),
        "subprotocols": [],
        "state": {},
        "extensions": {"websocket.http.response": {}},
    }
