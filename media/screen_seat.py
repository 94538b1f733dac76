"""The one seat for a screen: checks who comes, gives it a generation, fences the older one.

What is said on the seat goes to the call; this file knows only who may sit there.
"""

import asyncio
import hmac
import logging
import os
import socket
from collections.abc import Callable

from app.domain.failures import Code, Rejected
from app.runtime.tasks import TaskOwner
from media.link.local_channel import LocalChannel, Word
from media.link.local_socket import LocalListener
from media.link.messages import (
    DROPPABLE,
    TOLD,
    VERSION,
    WISHES,
    WISHES_WITH_DESCRIPTOR,
    Fenced,
    Greeted,
    Hello,
    News,
    Refused,
    StillHere,
    Wish,
)

log = logging.getLogger(__name__)

GREETING_LIMIT_S = 5.0
STRANGERS_MAX = 8


class ScreenSeat:
    """`on_wish` may raise a Failure: the screen that said such a thing is let go.

    It owns the descriptor that comes with a wish.
    """

    def __init__(
        self,
        listening: socket.socket,
        secret: bytes,
        *,
        greeted: Callable[[int], Greeted],
        on_came: Callable[[], None],
        on_left: Callable[[], None],
        on_wish: Callable[[Wish, int | None], None],
    ) -> None:
        self._listener = LocalListener(listening, self._stranger_came)
        self._secret = secret
        self._greeted = greeted
        self._on_came = on_came
        self._on_left = on_left
        self._on_wish = on_wish
        self._strangers: set[_Guest] = set()
        self._screen: _Guest | None = None
        self._generation = 0
        self._tasks = TaskOwner("screen seat")

    def open(self) -> None:
        self._listener.open()

    async def close(self) -> None:
        self._listener.close()
        for guest in [*self._strangers, *([self._screen] if self._screen else [])]:
            guest.channel.close()
        await self._tasks.close()

    @property
    def is_reachable(self) -> bool:
        return self._listener.is_reachable

    def tell(self, news: News | StillHere, descriptor: int | None = None) -> bool:
        """Whether a screen is there; what it is too slow for and can miss is dropped."""
        if self._screen is None:
            return False
        descriptors = () if descriptor is None else (descriptor,)
        is_droppable = isinstance(news, DROPPABLE)
        try:
            self._screen.channel.send(TOLD.word(news), descriptors, is_droppable=is_droppable)
        except Rejected as refused:  # what the far side made of it; ours are small
            log.warning("a word did not go to the screen: %s", refused.code)
        return True

    # --- who comes -------------------------------------------------------------------------------

    def _stranger_came(self, client: socket.socket) -> None:
        if len(self._strangers) >= STRANGERS_MAX:
            log.warning("local client refused: %s", Code.OVERRUN)
            client.close()
            return
        guest = _Guest(client, self._heard, self._left)
        self._strangers.add(guest)
        self._tasks.start(self._wait_for_greeting(guest), "wait for greeting")

    async def _wait_for_greeting(self, guest: "_Guest") -> None:
        await asyncio.sleep(GREETING_LIMIT_S)
        if guest in self._strangers:
            guest.channel.close(Code.NOT_ALLOWED)

    def _heard(self, guest: "_Guest", word: Word, descriptors: list[int]) -> None:
        try:
            wish: Wish = WISHES.said(word)
            is_due = guest is self._screen and isinstance(wish, WISHES_WITH_DESCRIPTOR)
            if len(descriptors) != is_due:
                raise Rejected(Code.MALFORMED, "descriptors")
        except Rejected:
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        if guest is self._screen and not isinstance(wish, Hello):
            self._on_wish(wish, descriptors[0] if descriptors else None)
        elif guest in self._strangers and isinstance(wish, Hello):
            self._greet(guest, wish)
        else:
            raise Rejected(Code.NOT_ALLOWED, "word out of place")

    def _greet(self, guest: "_Guest", hello: Hello) -> None:
        refused = self._why_not(hello)
        if refused is not None:
            guest.channel.send(TOLD.word(Refused(refused)))
            raise Rejected(refused, "screen")
        self._strangers.discard(guest)
        self._generation += 1
        older, self._screen = self._screen, guest
        if older is not None:
            older.channel.send(TOLD.word(Fenced(self._generation)))
            older.channel.close(Code.FENCED)
        log.info("screen attached, generation %d", self._generation)
        guest.channel.send(TOLD.word(self._greeted(self._generation)))
        self._on_came()

    def _why_not(self, hello: Hello) -> Code | None:
        if not hmac.compare_digest(hello.secret.encode(), self._secret.hex().encode()):
            return Code.NOT_ALLOWED
        if hello.version != VERSION:
            return Code.MALFORMED
        if hello.resume is not None and hello.resume != self._generation:
            return Code.FENCED  # a newer one came while this one was away
        return None

    def _left(self, guest: "_Guest") -> None:
        self._strangers.discard(guest)
        if guest is self._screen:
            self._screen = None
            log.info("screen gone, generation %d", self._generation)
            self._on_left()


class _Guest:
    """One connection, and who it is to the seat."""

    def __init__(
        self,
        client: socket.socket,
        heard: Callable[["_Guest", Word, list[int]], None],
        left: Callable[["_Guest"], None],
    ) -> None:
        self._heard = heard
        self._left = left
        self.channel = LocalChannel(client, on_word=self._word, on_closed=self._closed)

    def _word(self, word: Word, descriptors: list[int]) -> None:
        self._heard(self, word, descriptors)

    def _closed(self, code: Code | None) -> None:
        self._left(self)
