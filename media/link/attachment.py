"""One attachment of this screen to a media process: greeted, used, lost; never mended."""

import asyncio
import logging
import os
import time
from collections.abc import Callable

from app.domain.failures import Code, Rejected, Unavailable
from media.link.engine_process import EngineAddress
from media.link.local_channel import LocalChannel, Word
from media.link.local_socket import connect, peer_process
from media.link.messages import (
    TOLD,
    VERSION,
    WISHES,
    WITH_DESCRIPTOR,
    Fenced,
    Gate,
    Greeted,
    Hello,
    News,
    Refused,
    StillHere,
    Told,
    Wish,
)
from media.link.silence import LOOK_EVERY_S, Silence

log = logging.getLogger(__name__)

GREETING_LIMIT_S = 15.0  # a media process that was just started loads its libraries first

OnNews = Callable[[News, int | None], None]


class Attachment:
    """`on_greeted` comes first, when we are let in; `on_news` gets every later word.

    `on_news` owns the descriptor that comes with a word.
    """

    def __init__(
        self, address: EngineAddress, on_greeted: Callable[[Greeted], None], on_news: OnNews
    ) -> None:
        """Unavailable(MEDIA_PROCESS_ENDED) when nobody listens there."""
        self._secret = address.secret
        self._on_greeted = on_greeted
        self._on_news = on_news
        self._greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._is_greeted = False
        self.is_fenced = False
        self.is_silent = False  # it is there and does not answer
        self.words_heard = 0
        self.lost = asyncio.Event()
        connected = connect(address.socket_path)
        self.process = peer_process(connected)
        self._channel = LocalChannel(connected, on_word=self._heard, on_closed=self._closed)

    async def greet(self, generation: int | None) -> None:
        """Show the secret; Unavailable with the reason when we are not let in."""
        hello = Hello(VERSION, self._secret.hex(), generation)
        self._channel.send(WISHES.word(hello))
        try:
            async with asyncio.timeout(GREETING_LIMIT_S):
                await self._greeting
        except TimeoutError as error:
            if self._is_greeted:
                return  # in the last moment
            self.is_silent = True
            raise Unavailable(Code.MEDIA_PROCESS_ENDED, "no greeting") from error

    def say(self, wish: Wish, descriptor: int | None = None) -> bool:
        """False: it is not there to hear it. The descriptor stays ours."""
        descriptors = () if descriptor is None else (descriptor,)
        return self._is_greeted and self._channel.send(WISHES.word(wish), descriptors)

    async def until_lost(self, silence_limit_s: float) -> None:
        """Until the contact is lost; Unavailable when it stays and nothing is heard for so long."""
        silence = Silence(time.monotonic())
        while not self.lost.is_set():
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self.lost.wait()
            except TimeoutError as late:
                silence.look(self.words_heard, time.monotonic())
                if silence.seconds >= silence_limit_s:
                    self.is_silent = True
                    raise Unavailable(Code.MEDIA_PROCESS_ENDED, "silent") from late

    def close(self) -> None:
        self._channel.close()
        self._greeting.cancel()

    def _closed(self, code: Code | None) -> None:
        self.lost.set()
        if not self._greeting.done():
            self._greeting.set_exception(Unavailable(Code.MEDIA_PROCESS_ENDED, "no greeting"))

    def _heard(self, word: Word, descriptors: list[int]) -> None:
        try:
            told: Told = TOLD.said(word)
            if len(descriptors) != isinstance(told, WITH_DESCRIPTOR):
                raise Rejected(Code.MALFORMED, "descriptors")
        except Rejected:
            for descriptor in descriptors:
                os.close(descriptor)
            raise
        self.words_heard += 1
        if isinstance(told, Greeted | Refused | Fenced):
            self._heard_gate(told)
        elif not isinstance(told, StillHere):
            self._on_news(told, descriptors[0] if descriptors else None)

    def _heard_gate(self, told: Gate) -> None:
        if isinstance(told, Fenced) or (isinstance(told, Refused) and told.code is Code.FENCED):
            self.is_fenced = True
            log.warning("a newer screen has the call")
        if self._greeting.done():
            return
        if isinstance(told, Greeted) and told.version == VERSION:
            self._greeting.set_result(None)
            self._is_greeted = True
            self._on_greeted(told)  # at once: what follows in the same read comes after it
        else:
            code = told.code if isinstance(told, Refused) else Code.MALFORMED
            self._greeting.set_exception(Unavailable(code, "media process"))
