"""One signalling socket: a bounded queue out, whole words in. Who does not read is let go.

The feed's position is no word in the queue: the newest replaces the one that waits.
"""

import asyncio
from collections import deque

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.contract.signalling import FRAME_MAX_BYTES, FeedMoved

WAITING_MAX = 256  # above what one device may say at once (allowance.py)
SEND_LIMIT_S = 10.0
CLOSE_LIMIT_S = 2.0

GOING_ON = 1000
POLICY = 1008
TOO_BIG = 1009
SLOW = 1013
REPLACED = 4001  # the device opened a newer socket


class Line:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._waiting: deque[str] = deque()
        self._feed: int | None = None
        self._code = GOING_ON
        self._has_work = asyncio.Event()
        self.is_closing = asyncio.Event()

    def say(self, word: str) -> None:
        """Put a word in the queue; a full one means that nobody reads at the other end."""
        if len(self._waiting) >= WAITING_MAX:
            self.close(SLOW)
            return
        self._waiting.append(word)
        self._has_work.set()

    def say_feed(self, position: int) -> None:
        self._feed = position
        self._has_work.set()

    def close(self, code: int) -> None:
        """Whoever serves this line ends it, even when a send is stuck; the first code counts."""
        if not self.is_closing.is_set():
            self._code = code
            self.is_closing.set()

    async def hear(self) -> str | None:
        """The next text; empty for a frame that is none. None: the socket is closed."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text = message.get("text")
        if text is None:
            return ""
        if len(text.encode()) > FRAME_MAX_BYTES:
            self.close(TOO_BIG)
            return None
        return str(text)

    async def write_all(self) -> None:
        """Send what waits; the task of whoever opened the line, who also ends it."""
        try:
            while True:
                await self._has_work.wait()
                self._has_work.clear()
                async with asyncio.timeout(SEND_LIMIT_S):
                    await self._send_waiting()
        except TimeoutError:
            self.close(SLOW)
        except (WebSocketDisconnect, RuntimeError):
            return  # closed at the other end meanwhile; the reader sees it too

    async def _send_waiting(self) -> None:
        while self._waiting:
            await self._websocket.send_text(self._waiting.popleft())
        if self._feed is not None:
            position, self._feed = self._feed, None
            await self._websocket.send_text(FeedMoved(position=position).model_dump_json())

    async def hang_up(self) -> None:
        """Say why, if anybody still listens."""
        if self._websocket.client_state is WebSocketState.DISCONNECTED:
            return
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self._websocket.close(self._code)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            return  # it is closed, or will be when the transport gives up
