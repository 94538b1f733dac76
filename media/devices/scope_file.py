"""A WAV file that stands for a stethoscope, given in real time."""

import asyncio
import os
import stat
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from app.domain.failures import Code, Rejected, Unavailable
from media.auscultation.wav import SAMPLE_BYTES, samples_of
from media.devices.scope_sound import ScopeSound

BLOCK_S = 0.02
MOST_FILE_BYTES = 256 * 1024 * 1024


class ScopeFile:
    def __init__(self, path: str, *, is_looped: bool) -> None:
        self._path = path
        self._is_looped = is_looped

    async def look(self) -> None:
        """Unavailable or Rejected when it is none."""
        await asyncio.to_thread(self._read)

    async def sound(self) -> AsyncGenerator[ScopeSound, None]:
        samples, rate_hz = await asyncio.to_thread(self._read)
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

    def _read(self) -> tuple[bytes, int]:
        try:
            seen = os.stat(self._path)
            if not stat.S_ISREG(seen.st_mode):  # a pipe would be waited for, a device has no end
                raise Rejected(Code.DEVICE_UNUSABLE, "stethoscope file")
            if seen.st_size > MOST_FILE_BYTES:
                raise Unavailable(Code.TOO_LARGE, "stethoscope file")
            wav = Path(self._path).read_bytes()
        except OSError as error:
            raise Unavailable(Code.DEVICE_MISSING, "stethoscope file") from error
        return samples_of(wav)
