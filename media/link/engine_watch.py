"""Keeps this screen attached to a media process: takes the running one over, or starts its own.

One that ends or hangs is started again, with growing pauses. A fenced screen never comes back.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from app.domain.call import RunningCall
from app.domain.failures import Failure
from app.runtime.tasks import TaskOwner
from media.link.attachment import Attachment, OnNews
from media.link.engine_process import EngineAddress, EngineProcess
from media.link.hung_process import end_hung
from media.link.local_socket import forget
from media.link.messages import Greeted, Quit, Wish

log = logging.getLogger(__name__)

QUIT_LIMIT_S = 4.0
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 5.0
STEADY_AFTER_S = 10.0
SILENCE_LIMIT_S = 5.0  # it says a word about once a second


class EngineWatch:
    """`on_attached(greeted, is_taken_over)` may already `say`; `on_gone` when a process ended."""

    def __init__(
        self,
        running: RunningCall | None,
        arguments: Sequence[str],
        *,
        on_attached: Callable[[Greeted, bool], None],
        on_news: OnNews,
        on_gone: Callable[[], None],
    ) -> None:
        self._arguments = arguments
        self._on_attached = on_attached
        self._on_news = on_news
        self._on_gone = on_gone
        self._process: EngineProcess | None = None
        self._given_away: EngineProcess | None = None
        self._attachment: Attachment | None = None
        self.address = EngineAddress(running.socket_path, running.secret) if running else None
        self.generation: int | None = None
        self._tasks = TaskOwner("engine watch")

    def open(self) -> None:
        self._tasks.start_lasting(self._keep_attached, "keep attached")

    async def leave(self) -> None:
        """Let go; the media process runs on."""
        await self._tasks.close()
        if self._attachment is not None:
            self._attachment.close()

    async def end(self) -> None:
        """The media process ends with us; our own is gone when this returns."""
        has_heard = self.say(Quit())
        await self.leave()
        if self._given_away is not None and not self._given_away.is_running:
            self._given_away = None
        if self._process is not None:
            await self._process.end(QUIT_LIMIT_S if has_heard else 0)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def say(self, wish: Wish, descriptor: int | None = None) -> bool:
        """False: no media process is there to hear it. The descriptor stays the caller's."""
        return self._attachment is not None and self._attachment.say(wish, descriptor)

    async def _keep_attached(self) -> None:
        pause_s, is_fenced = FIRST_PAUSE_S, False
        while not is_fenced:
            began = time.monotonic()
            try:
                is_fenced = await self._one_attachment()
            except Failure as failure:
                log.warning("media process: %s", failure.code)
            if time.monotonic() - began > STEADY_AFTER_S:
                pause_s = FIRST_PAUSE_S
            elif self.address is None:  # it ended early: never in a tight circle
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        # The newer screen has it, even one that we started: then we only reap it.
        self._given_away, self._process = self._process, None
        self.address = self.generation = None
        self._on_gone()

    async def _one_attachment(self) -> bool:
        """From greeting to loss. -> whether a newer screen has the call."""
        address = self.address or self._start()
        attachment: Attachment | None = None
        try:
            attachment = self._attachment = Attachment(address, self._greeted, self._on_news)
            await attachment.greet(self.generation)
            await attachment.until_lost(SILENCE_LIMIT_S)
        except Failure:
            if attachment is not None and attachment.is_fenced:
                return True
            hung = attachment.process if attachment is not None and attachment.is_silent else None
            self._give_up(address, hung)
            raise
        finally:
            self._attachment = None
            if attachment is not None:
                attachment.close()
        return attachment.is_fenced

    def _greeted(self, greeted: Greeted) -> None:
        is_taken_over = self._process is None and self.generation is None
        self.generation = greeted.generation
        self._on_attached(greeted, is_taken_over)

    def _start(self) -> EngineAddress:
        self.generation = None
        self._process = EngineProcess(self._arguments)
        self.address = self._process.address
        return self.address

    def _give_up(self, address: EngineAddress, hung: int | None) -> None:
        """Nobody answers there, or not to us: the next one is our own."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        elif hung is not None:  # taken over: it would hold camera and microphone for ever
            end_hung(hung)
        forget(address.socket_path)
        self.address = self.generation = None
        self._on_gone()
