"""The instrument: a WAV file played in real time, or a sound input named by the user.

What comes out is bit for bit what the source gave: no gain, no filter, no change of rate. Never
the default input: a room's microphone is not a stethoscope.
"""

import asyncio
import os
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from app.domain.clock import Clock
from app.domain.device import DeviceIdentity, DeviceKind, DeviceStatus, Presence
from app.domain.failures import Code, Failure, Rejected, Unavailable
from media.auscultation.wav import SAMPLE_BYTES, samples_of
from media.devices import sound_library
from media.devices.sample_ring import SampleRing, Samples
from media.devices.scope_sound import ScopeSound

BLOCK_S = 0.02
RING_S = 10  # a loop that stands still for so long loses sound, and says so
SILENT_AFTER_S = 2.0
MOST_FILE_BYTES = 256 * 1024 * 1024
INPUT_BLOCK_SAMPLES = 0  # as the device gives them


class Stethoscope:
    """`source`: the path of a WAV file, a sound device's name, None or "" for none."""

    def __init__(self, source: str | None, *, clock: Clock, is_looped: bool = False) -> None:
        self._source = source or ""
        self._clock = clock
        self._is_looped = is_looped
        self._since = clock.now()
        self._presence = Presence.MISSING
        self._reason: Code | None = Code.DEVICE_MISSING

    @property
    def is_file(self) -> bool:
        return self._source.lower().endswith(".wav") or os.sep in self._source

    @property
    def label(self) -> str:
        """As records name it; a file says that it is one."""
        return f"file {Path(self._source).name}" if self.is_file else self._source

    @property
    def status(self) -> DeviceStatus:
        """As last seen; `look()` looks again."""
        model = self.label or "none"
        identity = DeviceIdentity(DeviceKind.STETHOSCOPE, model, model)
        return DeviceStatus(identity, self._presence, self._since, self._reason)

    async def look(self) -> DeviceStatus:
        """Is it there? Opens a sound input for a moment; never while a recording runs."""
        try:
            if self.is_file:
                await asyncio.to_thread(self._read_file)
            else:
                ring = SampleRing(1)
                stream, _ = await self._open_input(ring)
                await sound_library.close(stream)
        except Failure as failure:
            self._say(Presence.MISSING, failure.code)
        else:
            self._say(Presence.FOUND)
        return self.status

    async def sound(self) -> AsyncGenerator[ScopeSound, None]:
        """Blocks of about 50 ms in real time until the file ends or the taker stops.

        Unavailable or Rejected when the instrument is not there, is pulled or lost samples: what
        came before stays good, the recording is then not complete.
        """
        try:
            if self.is_file:
                async for block in self._of_file():
                    yield block
            else:
                async for block in self._of_input():
                    yield block
        except Failure as failure:
            self._say(Presence.MISSING, failure.code)
            raise

    async def _of_file(self) -> AsyncIterator[ScopeSound]:
        samples, rate_hz = await asyncio.to_thread(self._read_file)
        self._say(Presence.FOUND)
        block_bytes = max(1, int(rate_hz * BLOCK_S)) * SAMPLE_BYTES
        started = time.monotonic()
        given = at = 0
        while samples and (at < len(samples) or self._is_looped):
            block = samples[at : at + block_bytes]
            at = 0 if self._is_looped and at + block_bytes >= len(samples) else at + block_bytes
            given += len(block)
            due = started + given / SAMPLE_BYTES / rate_hz
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield ScopeSound(block, rate_hz)

    async def _of_input(self) -> AsyncIterator[ScopeSound]:
        ring = SampleRing(48_000 * RING_S)
        stream, rate_hz = await self._open_input(ring)
        self._say(Presence.FOUND)
        try:
            heard_at = time.monotonic()
            while True:
                await asyncio.sleep(BLOCK_S)
                samples = ring.read(ring.capacity)
                if ring.dropped:
                    raise Unavailable(Code.OVERRUN, "stethoscope")
                if len(samples):
                    heard_at = time.monotonic()
                    yield ScopeSound(samples.astype("<i2").tobytes(), rate_hz)
                elif time.monotonic() - heard_at > SILENT_AFTER_S:
                    raise Unavailable(Code.DEVICE_PULLED, "stethoscope")
        finally:
            await sound_library.close(stream)

    async def _open_input(self, ring: SampleRing) -> tuple[sound_library.Stream, int]:
        if not self._source:
            raise Unavailable(Code.DEVICE_MISSING, "stethoscope")

        def heard(samples: Samples) -> None:
            ring.write(samples)

        wish = sound_library.Wish(self._source, None, INPUT_BLOCK_SAMPLES)
        return await sound_library.open_input(wish, heard)

    def _read_file(self) -> tuple[bytes, int]:
        try:
            seen = os.stat(self._source)
            if not stat.S_ISREG(seen.st_mode):  # a pipe would be waited for, a device has no end
                raise Rejected(Code.DEVICE_UNUSABLE, "stethoscope file")
            if seen.st_size > MOST_FILE_BYTES:
                raise Unavailable(Code.TOO_LARGE, "stethoscope file")
            wav = Path(self._source).read_bytes()
        except OSError as error:
            raise Unavailable(Code.DEVICE_MISSING, "stethoscope file") from error
        return samples_of(wav)

    def _say(self, presence: Presence, reason: Code | None = None) -> None:
        if presence is not self._presence:
            self._since = self._clock.now()
        self._presence, self._reason = presence, reason
