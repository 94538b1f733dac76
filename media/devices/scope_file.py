"""A WAV file that stands for a stethoscope, given in real time.

Read as it is given: of a file of hours no more than a moment is in memory.
"""

import asyncio
import os
import stat
import time
from collections.abc import AsyncGenerator
from typing import BinaryIO

from app.domain.failures import Code, Rejected, Unavailable
from media.auscultation.wav import SAMPLE_BYTES, SoundPlace, place_of_sound
from media.devices.scope_sound import ScopeSound

BLOCK_S = 0.02
READ_S = 2.0  # at a time


class ScopeFile:
    def __init__(self, path: str, *, is_looped: bool) -> None:
        self._path = path
        self._is_looped = is_looped

    async def look(self) -> None:
        """Unavailable or Rejected when it is none."""
        file, _ = await asyncio.to_thread(self._open)
        file.close()

    async def sound(self) -> AsyncGenerator[ScopeSound, None]:
        file, place = await asyncio.to_thread(self._open)
        block_bytes = max(1, int(place.rate_hz * BLOCK_S)) * SAMPLE_BYTES
        started, given = time.monotonic(), 0
        try:
            while piece := await asyncio.to_thread(self._read, file, place):
                for at in range(0, len(piece), block_bytes):
                    block = piece[at : at + block_bytes]
                    given += len(block)
                    due = started + given / SAMPLE_BYTES / place.rate_hz
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    yield ScopeSound(block, place.rate_hz)
        finally:
            file.close()

    def _open(self) -> tuple[BinaryIO, SoundPlace]:
        try:
            seen = os.stat(self._path)
            if not stat.S_ISREG(seen.st_mode):  # a pipe would be waited for, a device has no end
                raise Rejected(Code.DEVICE_UNUSABLE, "stethoscope file")
            file = open(self._path, "rb")  # noqa: SIM115  # whoever plays it closes it
        except OSError as error:
            raise Unavailable(Code.DEVICE_MISSING, "stethoscope file") from error
        try:
            place = place_of_sound(file, seen.st_size)
            file.seek(place.begin)
        except BaseException:
            file.close()
            raise
        return file, place

    def _read(self, file: BinaryIO, place: SoundPlace) -> bytes:
        """The next moment of it; nothing at its end. A file that is taken away ends as pulled."""
        wanted = int(READ_S * place.rate_hz) * SAMPLE_BYTES
        try:
            at = file.tell()
            if at >= place.end and self._is_looped:
                at = file.seek(place.begin)
            data = file.read(min(wanted, place.end - at))
        except OSError as error:
            raise Unavailable(Code.DEVICE_PULLED, "stethoscope file") from error
        if not data and at < place.end:
            raise Unavailable(Code.DEVICE_PULLED, "stethoscope file")  # it became shorter
        return data[: len(data) // SAMPLE_BYTES * SAMPLE_BYTES]
