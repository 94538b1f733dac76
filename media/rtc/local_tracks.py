"""What we have to send: our voice as aiortc's track, one for every link, and the camera's pictures.

The voice is paced by the microphone, and by the clock and silent when there is none.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.devices.sample_ring import SampleRing, Samples

VOICE_RATE_HZ = 48_000
VOICE_FRAME = 480  # 10 ms
VOICE_FRAME_S = VOICE_FRAME / VOICE_RATE_HZ
VOICE_MOST_FRAMES = 16  # above this we are behind the present
EARLY_S = 0.003  # so much sooner than every 10 ms while we are behind, and no burst
LOOK_EVERY_S = 0.002
STALL_LOOKS = 50  # a microphone that is late by less than 0.1 s has not stopped
STILL_AFTER_S = 1.0


class VoiceSource(Protocol):
    """Where a voice comes from: the microphone, or a tone in a test."""

    def tap(self) -> SampleRing:
        """A ring that from now on gets all that is spoken, 48 kHz, one channel."""
        ...

    def untap(self, ring: SampleRing) -> None: ...


@dataclass(frozen=True, slots=True)
class I420Picture:
    """Planar YUV 4:2:0, even sizes; the bytes are ours alone."""

    width: int
    height: int
    data: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class VoiceBlock:
    """`samples`: 10 ms of 48 kHz, one channel; `position`: of the first of all that was spoken."""

    samples: Samples
    position: int


class PictureFeed:
    """The newest picture of the camera, for any number of takers. Only on the loop's thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._newest: I420Picture | None = None
        self._put_at = -1e9
        self._is_on = True
        self._waiting: set[asyncio.Future[None]] = set()

    def put(self, width: int, height: int, data: bytes | memoryview) -> int:
        """`data` is copied; what nobody took in time is replaced. The picture's number."""
        sequence = self._newest.sequence + 1 if self._newest else 1
        self._newest = I420Picture(width, height, bytes(data), sequence)
        self._put_at = self._clock()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        return sequence

    def turn(self, is_on: bool) -> None:
        """The user's wish; an idle camera is noticed without being told."""
        self._is_on = is_on

    @property
    def is_moving(self) -> bool:
        """A picture came within the last second and may be shown."""
        return self._is_on and self._clock() - self._put_at < STILL_AFTER_S

    async def after(self, sequence: int, wait_s: float) -> I420Picture | None:
        """A newer picture than that one; None when none came in time or none may be shown."""
        try:
            async with asyncio.timeout(wait_s):
                while self._newest is None or self._newest.sequence <= sequence or not self._is_on:
                    await self._next()
        except TimeoutError:
            return None
        return self._newest

    async def _next(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)


class VoiceTrack(MediaStreamTrack):
    """10 ms of voice as soon as they are here; silence by the clock where none come.

    Silence is sent, so that the far side hears the line live. A frame's time is where it stands in
    what was spoken: a stall of the microphone is a jump of time, not voice that is late for ever.
    No frame of av: of one, upstream's sender reckons the loudness sample by sample, and hands it to
    a thread and back a hundred times a second.
    """

    kind = "audio"

    def __init__(self, source: VoiceSource) -> None:
        super().__init__()
        self._source = source
        self._ring = source.tap()
        self._now = asyncio.get_running_loop().time
        self._left_at: float | None = None  # when the frame before this one was due
        self._position = 0
        self._is_speaking = False

    async def recv(self) -> VoiceBlock:  # type: ignore[override]  # what our encoder packs
        if self.readyState != "live":
            raise MediaStreamError
        block = VoiceBlock(await self._next(), self._position)
        self._position += VOICE_FRAME
        return block

    def stop(self) -> None:
        self._source.untap(self._ring)
        super().stop()

    async def _next(self) -> Samples:
        due_at = self._now() if self._left_at is None else self._left_at + VOICE_FRAME_S
        await self._sleep_until(due_at - EARLY_S)
        if not self._is_here():
            await self._sleep_until(due_at)
        for _ in range(STALL_LOOKS if self._is_speaking else 0):
            if self._is_here():
                break
            await asyncio.sleep(LOOK_EVERY_S)
        self._left_at = self._now()
        if not self._is_here():
            self._leave_out(self._left_at - due_at)
            if self._left_at - due_at < VOICE_FRAME_S:
                self._left_at = due_at
            self._is_speaking = False
            return np.zeros(VOICE_FRAME, dtype=np.int16)
        self._cut()
        self._is_speaking = True
        return self._ring.read(VOICE_FRAME)

    async def _sleep_until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self._now()))

    def _is_here(self) -> bool:
        return self._ring.filled >= VOICE_FRAME

    def _leave_out(self, late_s: float) -> None:
        """Nobody spoke in that time: whole frames of it are passed over."""
        self._position += int(late_s / VOICE_FRAME_S) * VOICE_FRAME

    def _cut(self) -> None:
        """What piled up while silence was sent in its place, or while we stood still."""
        frames_here = self._ring.filled // VOICE_FRAME
        if not self._is_speaking:
            self._ring.skip((frames_here - 1) * VOICE_FRAME)
        elif frames_here > VOICE_MOST_FRAMES:
            self._ring.skip((frames_here - 1) * VOICE_FRAME)
            self._position += (frames_here - 1) * VOICE_FRAME
