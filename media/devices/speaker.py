"""The far voice: a sound output of 48 kHz with a small buffer that stays near to now.

Without the device the voice is dropped, and the level is told all the same.
"""

from types import TracebackType
from typing import Self

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
START_SAMPLES = RATE_HZ * 60 // 1000  # in hand before the first sound, and after each hole
MOST_SAMPLES = RATE_HZ * 240 // 1000  # above this we are behind the present


class Speaker:
    """`play` never waits. `underruns` counts the blocks that had to be filled with silence."""

    def __init__(self, device: str | None, *, clock: Clock, on_status: OnStatus) -> None:
        self._device = device
        self._watch = SoundWatch(DeviceKind.SPEAKER, device, clock, on_status)
        self._tasks = TaskOwner("speaker")
        self._ring = SampleRing(RATE_HZ)
        self._level = SoundLevel()
        self._is_playing = False
        self.underruns = 0

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
    def level(self) -> float:
        return self._level.value

    def play(self, samples: Samples) -> None:
        """One channel, 48 kHz; on the loop's thread."""
        self._level.add(samples)
        if self._watch.status.presence is Presence.MISSING:
            return
        if self._ring.filled > MOST_SAMPLES:
            self._ring.skip(self._ring.filled - START_SAMPLES)
        self._ring.write(samples)

    async def _open(self) -> tuple[sound_library.Stream, int]:
        wish = sound_library.Wish(self._device, RATE_HZ, BLOCK_SAMPLES)
        self._ring.clear()
        return await sound_library.open_output(wish, self._wanted)

    def _wanted(self, block: Samples) -> None:
        """On the callback thread: fill the block."""
        self._watch.alive()
        if not self._is_playing:
            self._is_playing = self._ring.filled >= START_SAMPLES
        samples = self._ring.read(len(block)) if self._is_playing else block[:0]
        block[: len(samples)] = samples
        block[len(samples) :] = 0
        if self._is_playing and len(samples) < len(block):
            self._is_playing = False
            self.underruns += 1
