"""Where body sounds are heard: the call's loudspeaker, and between calls one that is opened for it.

The latter is closed again when nothing was played for a while.
"""

import asyncio
import time
from collections.abc import Callable

from app.domain.clock import Clock
from app.domain.device import Presence
from app.runtime.tasks import TaskOwner
from media.devices.sample_ring import Samples
from media.devices.sound_pace import SoundPace
from media.devices.speaker import RATE_HZ, Speaker

IDLE_S = 10.0


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
            self._own = Speaker(self._name(), clock=self._clock, on_status=lambda _: None)
            self._tasks.start(self._keep(self._own), "own loudspeaker")
        return self._own

    async def _keep(self, speaker: Speaker) -> None:
        await speaker.__aenter__()
        while (left_s := self._used_at + IDLE_S - time.monotonic()) > 0:
            await asyncio.sleep(left_s)
        await self._close_own()

    async def _close_own(self) -> None:
        async with self._closing:
            speaker, self._own = self._own, None
            if speaker is not None:
                await speaker.__aexit__(None, None, None)
