"""Tells that sound devices or cameras may have come or gone, so that whoever cares looks again.

The sound server says so itself (`pactl subscribe`); besides, the kernel's lists of cards and
cameras are looked at every second. What has changed is not asked here.
"""

import asyncio
import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path

from app.runtime.tasks import TaskOwner
from media.devices.program import Program, end
from media.devices.sound_sources import c_locale

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
SETTLE_S = 0.1  # one plugging in is many events
PAUSES_S = (0.2, 0.5, 1.0, 2.0)  # until the sound server is asked again
STEADY_AFTER_S = 5.0
MOST_LINE_BYTES = 4096
SUBSCRIBE = ("pactl", "subscribe")
# It would outlive a killed media process until the next event.
WITH_US = ("setpriv", "--pdeathsig", "KILL")
KINDS = ("on source #", "on sink #", "on card #", "on server")
CARDS = Path("/proc/asound/cards")
CAMERAS = Path("/sys/class/video4linux")


class Plugs:
    """`count` grows with each change that may have been. `open` it on the loop, `close` it."""

    def __init__(self, cards: Path = CARDS, cameras: Path = CAMERAS) -> None:
        self._cards = cards
        self._cameras = cameras
        self._changed = asyncio.Event()
        self._tasks = TaskOwner("plugs")
        self._is_open = False
        self.count = 0

    def open(self) -> None:
        """Opened again it stays as it is."""
        if self._is_open:
            return
        self._is_open = True
        self._tasks.start_lasting(self._look, "look at cards and cameras")
        self._tasks.start_lasting(self._listen, "listen to the sound server")

    async def close(self) -> None:
        await self._tasks.close()

    async def newer_than(self, count: int, limit_s: float) -> int:
        """The count, as soon as it is above `count`, or after the limit."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self.count <= count:
                    await self._changed.wait()
        return self.count

    def _tell(self) -> None:
        self.count += 1
        told, self._changed = self._changed, asyncio.Event()
        told.set()

    async def _look(self) -> None:
        known = self._standing()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = self._standing()
            if now != known:
                known = now
                self._tell()

    def _standing(self) -> tuple[str, tuple[str, ...]]:
        """Two reads of the kernel's memory; no device is touched."""
        try:
            cards = self._cards.read_text("utf-8", "replace")
        except OSError:
            cards = ""
        try:
            cameras = sorted(entry.name for entry in self._cameras.iterdir())
        except OSError:
            cameras = []
        return cards, tuple(cameras)

    async def _listen(self) -> None:
        """Ends by itself where there is no pactl; a server that goes is waited for."""
        if shutil.which(SUBSCRIBE[0]) is None:
            log.info("no pactl: plugging in is noticed by the lists alone")
            return
        tries = 0
        while True:
            began_s = time.monotonic()
            await self._listen_once()
            tries = 0 if time.monotonic() - began_s > STEADY_AFTER_S else tries
            self._tell()  # its end is a change, too
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    async def _listen_once(self) -> None:
        """From the server's answer to its end."""
        guard = WITH_US if shutil.which(WITH_US[0]) is not None else ()
        try:
            program = Program(*guard, *SUBSCRIBE, env=c_locale(), limit=MOST_LINE_BYTES)
        except OSError:
            return
        try:
            while line := await program.stdout.readline():
                if any(kind in line.decode("utf-8", "replace") for kind in KINDS):
                    await asyncio.sleep(SETTLE_S)
                    self._tell()
        except ValueError:  # a line that is none of pactl's
            log.warning("the sound server's events are not readable")
        finally:
            await end(program)
