"""The outermost layer of the application: bounded bodies, headers of all answers, last handler.

JSON bodies are read here, at most 1 MiB and 30 s, also when they were packed; files pass through,
their feature bounds them.
"""

import asyncio
import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.contract.packing import PACKED, SMALLEST_BYTES, packed, unpacked
from app.contract.wire import REQUEST_ID
from app.domain.failures import Code, Rejected
from app.runtime.aside import aside
from server.problems import problem
from server.settings import JSON_MAX_BYTES

log = logging.getLogger(__name__)

BODY_LIMIT_S = 30.0
FILES = ("/v1/files/", "/v1/uploads")
EXCHANGE = ("/v1/push", "/v1/feed")  # what goes packed: much of it, and no token


class Border:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, dict(scope["headers"]).get(REQUEST_ID.encode()))
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
        if scope["path"] in EXCHANGE:
            await self._exchange(scope, body, receive, answer)
            return
        await self._app(scope, _once(body, receive), answer)

    async def _exchange(
        self, scope: Scope, body: bytes, receive: Receive, answer: "_Answer"
    ) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding") == PACKED.encode():
            try:
                body = await aside(len(body), lambda: unpacked(body, JSON_MAX_BYTES))
            except Rejected as no:
                await problem(no.code)(scope, receive, answer)
                return
        takes = headers.get(b"accept-encoding", b"").decode("latin-1").lower()
        wants_packed = PACKED in (one.split(";")[0].strip() for one in takes.split(","))
        packing = _Packing(answer, wants_packed=wants_packed)
        await self._app(scope, _once(body, receive), packing)


class _Packing:
    """Holds an answer until it is whole, and sends it packed to who takes it so."""

    def __init__(self, send: "_Answer", *, wants_packed: bool) -> None:
        self._send = send
        self._wants_packed = wants_packed
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        assert self._start is not None
        self._body += message.get("body", b"")
        if message.get("more_body", False):
            return
        body, kept = bytes(self._body), []
        for name, value in self._start.get("headers", ()):
            if name != b"content-length":
                kept.append((name, value))
        kept += [(b"accept-encoding", PACKED.encode()), (b"vary", b"accept-encoding")]
        if self._wants_packed and len(body) >= SMALLEST_BYTES:
            body = await aside(len(body), lambda: packed(bytes(self._body)))
            kept.append((b"content-encoding", PACKED.encode()))
        kept.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": kept})
        await self._send({"type": "http.response.body", "body": body})


class _Answer:
    """Passes the answer on with our headers, and knows how far it got.

    `asked_as` goes back as it came: a box on the way that gave another answer is found out.
    """

    def __init__(self, send: Send, asked_as: bytes | None) -> None:
        self._send = send
        self._asked_as = asked_as
        self.has_begun = False
        self.has_ended = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = [*message.get("headers", ())]
            headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
            if self._asked_as is not None:
                headers.append((REQUEST_ID.encode(), self._asked_as))
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
