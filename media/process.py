"""The media process: `python -m media.process`. Its own loop and life, whatever the screen does.

Started by media/link/engine_process with an inherited listening socket and an inherited secret.
"""

import argparse
import asyncio
import gc
import logging
import os
import signal
import socket
import time

if __name__ == "__main__":  # what a start reads and builds stays: looking for garbage in it takes
    gc.disable()  # a twentieth of the time

from app.domain.clock import SystemClock
from app.domain.failures import Code, Untrusted
from app.runtime import log as logs
from app.runtime.loop_watch import LoopWatch
from app.runtime.process_guard import forbid_core_dumps, make_files_private
from app.runtime.tasks import TaskOwner
from media.call_host import CallHost
from media.link.local_socket import SECRET_BYTES
from media.link.messages import News, Quit, StillHere, Wish
from media.screen_seat import ScreenSeat

log = logging.getLogger(__name__)

SCREEN_LIMIT_S = 60.0  # without a screen: microphone and camera stop
SEAT_LIMIT_S = 15 * 60.0  # without a screen: the process ends
LOOKS_PER_LIMIT = 20
SAY_EVERY_S = 1.0
CLOSE_LIMIT_S = 3.0


class MediaProcess:
    """Seat and call, and what happens while nobody sits."""

    def __init__(
        self, listening: socket.socket, secret: bytes, screen_limit_s: float, seat_limit_s: float
    ) -> None:
        self._screen_limit_s = screen_limit_s
        self._seat_limit_s = seat_limit_s
        self._ended = asyncio.Event()
        self._empty_since: float | None = time.monotonic()
        self._host = CallHost(self._tell, SystemClock())
        self._seat = ScreenSeat(
            listening,
            secret,
            greeted=self._host.greeted,
            on_came=self._screen_came,
            on_left=self._screen_left,
            on_wish=self._heard,
        )
        self._tasks = TaskOwner("media process")

    async def run(self) -> None:
        """Until a screen says quit, the system asks, or nobody comes back."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._ended.set)
        try:
            async with asyncio.timeout(None) as closing, self._host, self._tasks:
                self._seat.open()
                self._tasks.start_lasting(self._watch_seat, "watch seat")
                self._tasks.start_lasting(self._say_still_here, "still here")
                self._tasks.start(LoopWatch().run(), "loop watch")
                await self._ended.wait()
                closing.reschedule(loop.time() + CLOSE_LIMIT_S)
                await self._seat.close()
        except TimeoutError:
            log.warning("not everything was closed in %.0f s", CLOSE_LIMIT_S)

    def _tell(self, news: News | StillHere, descriptor: int | None) -> bool:
        return self._seat.tell(news, descriptor)

    def _screen_came(self) -> None:
        self._empty_since = None
        self._host.screen_came()

    def _screen_left(self) -> None:
        self._empty_since = time.monotonic()
        self._host.screen_left()

    def _heard(self, wish: Wish, descriptor: int | None) -> None:
        if isinstance(wish, Quit):
            self._ended.set()
        else:
            self._host.heard(wish, descriptor)

    async def _say_still_here(self) -> None:
        while True:
            self._tell(StillHere(), None)
            await asyncio.sleep(SAY_EVERY_S)

    async def _watch_seat(self) -> None:
        while not self._ended.is_set():
            await asyncio.sleep(min(1.0, self._screen_limit_s / LOOKS_PER_LIMIT))
            if self._empty_since is not None:
                self._look_at_empty_seat(time.monotonic() - self._empty_since)

    def _look_at_empty_seat(self, empty_s: float) -> None:
        if not self._seat.is_reachable:
            log.info("the local socket is gone, and so are we")  # the user has logged out
            self._ended.set()
        elif empty_s > (self._seat_limit_s if self._host.has_call else self._screen_limit_s):
            log.info("no screen for %.0f s", empty_s)
            self._ended.set()
        elif empty_s > self._screen_limit_s:
            self._host.stop_capture()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen-fd", type=int, required=True)
    parser.add_argument("--secret-fd", type=int, required=True)
    parser.add_argument("--screen-limit-s", type=float, default=SCREEN_LIMIT_S)
    parser.add_argument("--seat-limit-s", type=float, default=SEAT_LIMIT_S)
    wanted = parser.parse_args()
    logs.set_up("media")
    make_files_private()
    forbid_core_dumps()  # its memory holds pictures of patients
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    secret = _inherited_secret(wanted.secret_fd)
    listening = socket.socket(fileno=wanted.listen_fd)
    gc.freeze()
    gc.enable()
    asyncio.run(_run(listening, secret, wanted.screen_limit_s, wanted.seat_limit_s))


async def _run(
    listening: socket.socket, secret: bytes, screen_limit_s: float, seat_limit_s: float
) -> None:
    await MediaProcess(listening, secret, screen_limit_s, seat_limit_s).run()
    logging.shutdown()
    os._exit(0)  # a driver or codec may hang in a thread of its own, and would be waited for


def _inherited_secret(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as pipe:
        secret = pipe.read(SECRET_BYTES)
    if len(secret) != SECRET_BYTES:
        raise Untrusted(Code.NOT_ALLOWED, "secret")
    return secret


if __name__ == "__main__":
    main()
