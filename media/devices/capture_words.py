"""What a program that records tells whoever started it: rate, samples, and why it ended. Bounded.

One word is a letter, a length and so many bytes; whatever does not fit is MALFORMED.
"""

import os
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from app.domain.failures import Code, Unavailable

HEAD = struct.Struct("<cI")
RATE = struct.Struct("<I")
RATE_LETTER, SAMPLES_LETTER, FAILED_LETTER = b"R", b"S", b"F"
MOST_BYTES = 64 * 1024
RATE_LEAST_HZ, RATE_MOST_HZ = 1_000, 192_000


@dataclass(frozen=True, slots=True)
class Captured:
    """Samples as the device gave them: 16 bit, little-endian, one channel.

    `missing`: so many samples the device sent before these, and they never came.
    """

    samples: bytes
    rate_hz: int
    missing: int = 0


class Reading(Protocol):
    async def readexactly(self, n: int) -> bytes: ...


class Teller:
    """The program's side: writes to the pipe that its starter holds, waits when that is full."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def rate(self, rate_hz: int) -> None:
        self._write(RATE_LETTER, RATE.pack(rate_hz))

    def samples(self, samples: bytes) -> None:
        for at in range(0, len(samples), MOST_BYTES):
            self._write(SAMPLES_LETTER, samples[at : at + MOST_BYTES])

    def failed(self, code: Code) -> None:
        self._write(FAILED_LETTER, code.encode())

    def _write(self, letter: bytes, data: bytes) -> None:
        waiting = memoryview(HEAD.pack(letter, len(data)) + data)
        while waiting:
            waiting = waiting[os.write(self._descriptor, waiting) :]


async def captured(reading: Reading) -> AsyncIterator[Captured]:
    """Until the program says why it ended: Unavailable. Its silent end is a pulled device."""
    rate_hz = 0
    while True:
        letter, data = await _word(reading)
        if letter == RATE_LETTER and len(data) == RATE.size:
            (rate_hz,) = RATE.unpack(data)
            if not RATE_LEAST_HZ <= rate_hz <= RATE_MOST_HZ:
                raise Unavailable(Code.DEVICE_UNUSABLE, "sample rate")
        elif letter == SAMPLES_LETTER and rate_hz and len(data) % 2 == 0:
            yield Captured(data, rate_hz)
        elif letter == FAILED_LETTER and data.decode("ascii", "replace") in set(Code):
            raise Unavailable(Code(data.decode()), "stethoscope")
        else:
            raise Unavailable(Code.MALFORMED, "capture")


async def _word(reading: Reading) -> tuple[bytes, bytes]:
    try:
        letter, length = HEAD.unpack(await reading.readexactly(HEAD.size))
        if length > MOST_BYTES:
            raise Unavailable(Code.MALFORMED, "capture")
        return letter, await reading.readexactly(length)
    except EOFError as ended:  # IncompleteReadError is one
        raise Unavailable(Code.DEVICE_PULLED, "stethoscope") from ended
