"""Where body sounds are heard: the call's loudspeaker, and between calls one that is opened for it.

The latter is closed again when nothing was played for a while.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from app.domain.clock import Clock
from app.domain.device import DeviceStatus, Presence
from app.runtime.tasks import TaskOwner
from media.devices.sample_ring import Samples
from media.devices.sound_pace import SoundPace
from media.devices.speaker import RATE_HZ, Speaker

IDLE_S = 10.0
READY_LIMIT_S = 2.0


class EarOutput:
    """Used on the loop. `call_speaker`: the one that plays the voice; `name`: of the machine's."""

    def __init__(
        self,
        clock: Clock,
        call_speaker: Callable[[], Speaker | None],
        name: Callable[[], str | None],
    ) -> None:
        self._clock = clock
        self._call_speaker = call_speaker
        self._name = name
        self._own: Speaker | None = None
        self._pace = SoundPace(RATE_HZ)
        self._own_seen = asyncio.Event()
        self._used_at = 0.0
        self._closing = asyncio.Lock()
        self._tasks = TaskOwner("ear output")

    async def close(self) -> None:
        await self._tasks.close()
        await self._close_own()

    def put(self, samples: Samples) -> None:
        """One channel, 48 kHz, about as fast as it is heard. Never waits."""
        self._used_at = time.monotonic()
        speaker = self._speaker()
        if speaker.status.presence is Presence.FOUND:
            speaker.beside.put(samples)
        else:
            self._pace.add(len(samples))

    @property
    def in_hand(self) -> int:
        """Samples that were put and not yet heard; without a loudspeaker time passes the same."""
        speaker = self._speaker()
        is_heard = speaker.status.presence is Presence.FOUND
        return speaker.beside.in_hand if is_heard else self._pace.in_hand

    @property
    def is_heard(self) -> bool:
        return self._speaker().status.presence is Presence.FOUND

    async def ready(self) -> None:
        """A loudspeaker that is opened for this needs a moment; without one nobody waits long."""
        if not self.is_heard:
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_LIMIT_S):
                    await self._own_seen.wait()

    def silence(self) -> None:
        """What waits is not heard any more."""
        for speaker in (self._call_speaker(), self._own):
            if speaker is not None:
                speaker.beside.clear()

    def _speaker(self) -> Speaker:
        speaker = self._call_speaker()
        if speaker is not None:
            return speaker
        if self._own is None:
            self._used_at = time.monotonic()
            self._own_seen.clear()
            self._own = Speaker(self._name(), clock=self._clock, on_status=self._own_is)
            self._tasks.start(self._keep(self._own), "own loudspeaker")
        return self._own

    def _own_is(self, status: DeviceStatus) -> None:
        if status.presence is Presence.FOUND:
            self._own_seen.set()

    async def _keep(self, speaker: Speaker) -> None:
        await speaker.__aenter__()
        while True:
            left_s = self._used_at + IDLE_S - time.monotonic()
            if left_s <= 0:
                break
            await asyncio.sleep(left_s)
        await self._close_own()

    async def _close_own(self) -> None:
        async with self._closing:
            speaker, self._own = self._own, None
            if speaker is not None:
                await speaker.__aexit__(None, None, None)
