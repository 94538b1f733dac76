"""Keeps one sound stream open: opens it, notices when it falls silent, opens it again with pauses.

Says found or missing and since when. A call goes on without the device.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code, Unavailable
from media.devices import sound_library
from media.devices.sound_library import Stream

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
SILENT_AFTER_S = 1.0
START_LIMIT_S = 5.0  # an idle sound server may take two seconds before the first blocks
PAUSES_S = (0.2, 0.5, 1.0, 2.0)

OnStatus = Callable[[DeviceStatus], None]
OpenStream = Callable[[], Awaitable[tuple[Stream, int]]]


class SoundWatch:
    """`alive()` is called by the callback thread with each block."""

    def __init__(
        self, kind: DeviceKind, device: str | None, clock: Clock, on_status: OnStatus
    ) -> None:
        self._identity = DeviceIdentity(kind, device or "default", device or "default")
        self._clock = clock
        self._on_status = on_status
        self._alive_at = 0.0
        self.status = DeviceStatus(
            self._identity, Presence.MISSING, clock.now(), Code.DEVICE_MISSING
        )

    def alive(self) -> None:
        self._alive_at = time.monotonic()

    def say(self, presence: Presence, reason: Code | None = None) -> None:
        if (presence, reason) == (self.status.presence, self.status.reason):
            return
        since = self.status.since if presence is self.status.presence else self._clock.now()
        self.status = DeviceStatus(self._identity, presence, since, reason)
        log.info("%s %s (%s)", self._identity.kind, presence, reason or "-")
        self._on_status(self.status)

    async def keep_open(self, open_stream: OpenStream) -> None:
        """Runs until cancelled; the stream is closed then."""
        self._on_status(self.status)
        tries = 0
        while True:
            try:
                stream, _ = await open_stream()
            except Unavailable as missing:
                self.say(Presence.MISSING, missing.code)
            else:
                tries = 0
                try:
                    await self._while_alive()
                finally:
                    await sound_library.close(stream)
            await asyncio.sleep(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    async def _while_alive(self) -> None:
        self._alive_at = opened_at = time.monotonic()
        while not self._is_silent(time.monotonic(), opened_at):
            if self._alive_at > opened_at:
                self.say(Presence.FOUND)
            await asyncio.sleep(LOOK_EVERY_S)
        self.say(Presence.MISSING, Code.DEVICE_PULLED)

    def _is_silent(self, now: float, opened_at: float) -> bool:
        is_new = now - opened_at < START_LIMIT_S
        return not is_new and now - self._alive_at > SILENT_AFTER_S
