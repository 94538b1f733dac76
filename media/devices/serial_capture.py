"""Our end of `python -m peripherals.scope_feed`, which takes a stethoscope's sound off its port.

The room of the serial ports is another one: only its program and the form of its blocks are known.
"""

import asyncio
import struct
import subprocess
from collections.abc import AsyncGenerator

from app.domain.failures import Code, Unavailable
from media.devices.capture_words import RATE_LEAST_HZ, RATE_MOST_HZ, Captured
from media.devices.program import Program, end
from media.link.child_process import command_of, passed_on_environment

# Sequence, rate, samples missing before, bytes that follow; low byte first.
HEAD = struct.Struct("<HIIH")
MOST_COMPLAINT_BYTES = 400


async def serial_capture(port: str) -> AsyncGenerator[Captured, None]:
    """Until it fails, Unavailable with the feed's own reason; the feed goes with its listener."""
    program = Program(
        *command_of("peripherals.scope_feed", port),
        stderr=subprocess.PIPE,
        env=passed_on_environment(),
    )
    try:
        while True:
            yield await _block(program.stdout)
    except EOFError as ended:  # IncompleteReadError is one
        said = await program.stderr.read(MOST_COMPLAINT_BYTES)
        raise Unavailable(reason_of(said), "stethoscope") from ended
    finally:
        await end(program)


async def _block(reading: asyncio.StreamReader) -> Captured:
    _, rate_hz, missing, byte_count = HEAD.unpack(await reading.readexactly(HEAD.size))
    if not RATE_LEAST_HZ <= rate_hz <= RATE_MOST_HZ or byte_count % 2:
        raise Unavailable(Code.MALFORMED, "stethoscope")
    return Captured(await reading.readexactly(byte_count), rate_hz, missing)


def reason_of(said: bytes) -> Code:
    """The first word of what it complained of; none is a device that was pulled."""
    word = said.decode("utf-8", "replace").partition(":")[0].strip()
    return Code(word) if word in set(Code) else Code.DEVICE_PULLED
