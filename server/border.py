"""The outermost layer of the application: bounded bodies, headers of all answers, last handler.

JSON bodies are read here, at most 1 MiB and 30 s; files pass through, their feature bounds them.
"""

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.failures import Code
from server.problems import problem
from server.settings import JSON_MAX_BYTES

log = logging.getLogger(__name__)

BODY_LIMIT_S = 30.0
FILES = ("/v1/files/", "/v1/uploads")


class Border:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        try:
            if scope["type"] == "http":
                await self._http(scope, receive, answer)
            else:
                await self._app(scope, receive, send)
        except Exception as defect:
            # The last handler: what nobody foresaw. Its text may carry anything and is not written.
            log.error("request failed: %s", type(defect).__name__, exc_info=defect)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1011})
            elif not answer.has_begun:
                await problem(Code.SERVER_ERROR)(scope, receive, answer)
            elif not answer.has_ended:
                raise  # half an answer is out: the connection must not look whole

    async def _http(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        if scope["path"].startswith(FILES):
            await self._app(scope, receive, answer)
            return
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                body = await _read_body(scope, receive)
        except TimeoutError:
            await problem(Code.TOO_SLOW, None, {"Connection": "close"})(scope, receive, answer)
            return
        if body is None:
            await problem(Code.TOO_LARGE, None, {"Connection": "close"})(scope, receive, answer)
            return
        await self._app(scope, _once(body, receive), answer)


class _Answer:
    """Passes the answer on with our headers, and knows how far it got."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.has_ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = [*message.get("headers", ())]
            headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            self.has_ended = not message.get("more_body", False)
        await self._send(message)


async def _read_body(scope: Scope, receive: Receive) -> bytes | None:
    """The whole body; None when it is, or says it is, larger than allowed."""
    said = dict(scope["headers"]).get(b"content-length", b"0")
    if said.isdigit() and int(said) > JSON_MAX_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > JSON_MAX_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _once(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the body that was read, then whatever comes after it."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
