"""Our voice: a sound input of 48 kHz, given to any number of links; muted here, at the source.

Without the device the call goes on in silence. "" as the device's name means: none.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

import numpy as np

from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from media.devices import sound_library
from media.devices.sample_ring import SampleRing, Samples
from media.devices.sound_level import SoundLevel
from media.devices.sound_watch import OnStatus, SoundWatch

RATE_HZ = 48_000
BLOCK_SAMPLES = 480
TAP_SAMPLES = RATE_HZ // 2


class Microphone:
    """Fulfils rtc's VoiceSource. `level` is 0..1 of the last 100 ms, also while muted: 0."""

    def __init__(self, device: str | None, *, clock: Clock, on_status: OnStatus) -> None:
        self._device = device
        self._watch = SoundWatch(DeviceKind.MICROPHONE, device, clock, on_status)
        self._tasks = TaskOwner("microphone")
        self._taps: tuple[SampleRing, ...] = ()  # replaced whole: the callback thread reads it
        self._level = SoundLevel()
        self.is_muted = False
        self.latency_s = 0.0
        # On the callback thread, in place of `spoken`, which it calls later with what it made.
        self.when_heard: Callable[[Samples], None] | None = None

    async def __aenter__(self) -> Self:
        if self._device == "":
            self._watch.say(Presence.MISSING, Code.NO_SOUND_DEVICE)
        else:
            self._tasks.start(self._watch.keep_open(self._open), "keep open")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._tasks.close()

    @property
    def status(self) -> DeviceStatus:
        return self._watch.status

    @property
    def is_tapped(self) -> bool:
        """Somebody is to get what is spoken."""
        return bool(self._taps)

    @property
    def level(self) -> float:
        return self._level.value

    def mute(self, is_muted: bool) -> None:
        """Nothing of what is said while muted is ever heard, not even later."""
        self.is_muted = is_muted
        for tap in self._taps:
            tap.clear()

    def tap(self, ring: SampleRing | None = None) -> SampleRing:
        """From now on the ring gets what is spoken; an own one goes on from another microphone."""
        ring = ring or SampleRing(TAP_SAMPLES)
        self._taps = (*self._taps, ring)
        return ring

    def untap(self, ring: SampleRing) -> None:
        self._taps = tuple(tap for tap in self._taps if tap is not ring)

    async def _open(self) -> tuple[sound_library.Stream, int]:
        wish = sound_library.Wish(self._device, RATE_HZ, BLOCK_SAMPLES)
        stream, rate_hz = await sound_library.open_input(wish, self._heard)
        self.latency_s = stream.latency
        return stream, rate_hz

    def _heard(self, samples: Samples) -> None:
        """On the callback thread."""
        self._watch.alive()
        if self.is_muted:
            self._level.add(np.zeros_like(samples))
            return
        self._level.add(samples)
        (self.when_heard or self.spoken)(samples)

    def spoken(self, samples: Samples) -> None:
        """To all links; on any one thread."""
        if not self.is_muted:
            for tap in self._taps:
                tap.write(samples)
