"""The far voice: a sound output of 48 kHz with a small buffer that stays near to now.

Without the device the voice is dropped, and the level is told all the same.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from app.domain.clock import Clock
from app.domain.device import DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code
from app.runtime.tasks import TaskOwner
from media.devices import sound_library
from media.devices.beside_sound import BesideSound
from media.devices.sample_ring import SampleRing, Samples
from media.devices.sound_level import SoundLevel
from media.devices.sound_pace import SoundPace
from media.devices.sound_watch import OnStatus, SoundWatch

RATE_HZ = 48_000
BLOCK_SAMPLES = 480
# In hand so that a busy moment makes no hole: more after each hole, and less as long as so much was
# never needed: by what was left after the device's last block in the worst moment of two seconds.
LEAST_WISH, FIRST_WISH, MOST_WISH, MORE = (RATE_HZ * ms // 1000 for ms in (15, 30, 120, 15))
LESS, NEVER_NEEDED = RATE_HZ * 5 // 1000, RATE_HZ * 10 // 1000
LESS_EACH_S = 2.0
LESS_AFTER_HOLE_S = 20.0
MOST_SAMPLES = RATE_HZ * 240 // 1000  # above this we are behind the present


class Speaker:
    """`play` never waits. `underruns` counts the blocks that had to be filled with silence."""

    def __init__(self, device: str | None, *, clock: Clock, on_status: OnStatus) -> None:
        self._device = device
        self._watch = SoundWatch(DeviceKind.SPEAKER, device, clock, on_status)
        self._tasks = TaskOwner("speaker")
        self._ring = SampleRing(RATE_HZ)
        self._level = SoundLevel()
        self._pace = SoundPace(RATE_HZ)
        self._is_playing = False
        self._wish = FIRST_WISH
        self._least_left = MOST_WISH
        self._less_at = clock.monotonic() + LESS_EACH_S
        self._clock = clock
        self.beside = BesideSound()
        self.underruns = 0
        self.latency_s = 0.0
        self.when_played: Callable[[Samples], None] | None = None  # on the callback thread

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

    @property
    def surplus(self) -> int:
        """Samples in hand beyond those that are wished for; below zero some are wanted."""
        if self._watch.status.presence is Presence.MISSING:
            return self._pace.in_hand - LEAST_WISH
        return self._ring.filled - self._wish

    def play(self, samples: Samples) -> None:
        """One channel, 48 kHz; on the loop's thread."""
        self._level.add(samples)
        if self._watch.status.presence is Presence.MISSING:
            self._pace.add(len(samples))
            return
        self._wish_less()
        if self._ring.filled > MOST_SAMPLES:
            self._ring.skip(self._ring.filled - self._wish)
        self._ring.write(samples)

    async def _open(self) -> tuple[sound_library.Stream, int]:
        wish = sound_library.Wish(self._device, RATE_HZ, BLOCK_SAMPLES)
        self._ring.clear()
        stream, rate_hz = await sound_library.open_output(wish, self._wanted)
        self.latency_s = stream.latency
        return stream, rate_hz

    def _wanted(self, block: Samples) -> None:
        """On the callback thread: fill the block."""
        self._watch.alive()
        if not self._is_playing:
            self._is_playing = self._ring.filled >= self._wish * 3 // 4
        samples = self._ring.read(len(block)) if self._is_playing else block[:0]
        block[: len(samples)] = samples
        block[len(samples) :] = 0
        self.beside.mix_into(block)
        if self.when_played is not None:
            self.when_played(block)
        if not self._is_playing:
            return
        self._least_left = min(self._least_left, self._ring.filled)
        if len(samples) < len(block):
            self._is_playing = False
            self.underruns += 1
            self._wish = min(self._wish + MORE, MOST_WISH)
            self._less_at = self._clock.monotonic() + LESS_AFTER_HOLE_S

    def _wish_less(self) -> None:
        if (now := self._clock.monotonic()) >= self._less_at:
            self._less_at = now + LESS_EACH_S
            if self._least_left > NEVER_NEEDED:
                self._wish = max(self._wish - LESS, LEAST_WISH)
            self._least_left = MOST_WISH
