"""A line whose other end does not read: bounded, and let go with the reason."""

import asyncio
from typing import cast

import pytest
from starlette.websockets import WebSocket

from server.signalling.line import SLOW, WAITING_MAX, Line


class StuckSocket:
    """Takes words, or not; remembers how it was closed."""

    client_state = None

    def __init__(self) -> None:
        self.is_stuck = True
        self.sent: list[str] = []
        self.code: int | None = None

    async def send_text(self, text: str) -> None:
        if self.is_stuck:
            await asyncio.Event().wait()
        self.sent.append(text)

    async def close(self, code: int) -> None:
        self.code = code


def line_of(socket: StuckSocket) -> Line:
    return Line(cast(WebSocket, socket))


async def test_who_does_not_read_is_let_go_when_the_queue_is_full() -> None:
    socket = StuckSocket()
    line = line_of(socket)
    for _ in range(WAITING_MAX):
        line.say("word")
    assert not line.is_closing.is_set()
    line.say("one more")
    assert line.is_closing.is_set()
    await line.hang_up()
    assert socket.code == SLOW


async def test_who_reads_gets_every_word_in_order() -> None:
    socket = StuckSocket()
    socket.is_stuck = False
    line = line_of(socket)
    words = [str(number) for number in range(WAITING_MAX)]
    for word in words:
        line.say(word)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await line.write_all()
    assert socket.sent == words
    assert not line.is_closing.is_set()
