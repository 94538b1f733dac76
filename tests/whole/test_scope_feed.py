"""A WAV file played by the emulator comes out of the feed's pipe bit for bit, over a real pty."""

import asyncio
import random
import struct
import sys
import wave
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import pytest

from peripherals.scope_sound import PACKED_HEAD

pytestmark = pytest.mark.whole

LIMIT_S = 20.0
RATE_HZ, SECONDS = 4000, 1
FEED = (sys.executable, "-m", "peripherals.scope_feed")


async def test_a_wav_file_goes_through_the_wire_and_the_pipe(tmp_path: Path) -> None:
    noise = random.Random()
    values = [noise.randrange(-32768, 32768) for _ in range(RATE_HZ * SECONDS)]
    samples = struct.pack(f"<{len(values)}h", *values)
    with wave.open(str(tmp_path / "played.wav"), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(samples)
    port = str(tmp_path / "scope")
    emulator = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "peripherals.emulate", "serial_scope", "--link", port),
        *("--result", str(tmp_path / "played.wav")),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert emulator.stdout is not None and emulator.stdin is not None
    async with asyncio.timeout(LIMIT_S):
        await emulator.stdout.readline()  # its port is there
        feed = await asyncio.create_subprocess_exec(*FEED, port, stdout=PIPE)
        assert feed.stdout is not None
        heard = b""
        first, last = -1, -1
        while len(heard) < 2 * len(samples):
            head = await feed.stdout.readexactly(PACKED_HEAD.size)
            sequence, rate, gap, count = PACKED_HEAD.unpack(head)
            assert (rate, gap) == (RATE_HZ, 0)
            assert first < 0 or sequence == last + 1
            first, last = (sequence if first < 0 else first), sequence
            heard += await feed.stdout.readexactly(count)
        begin = first * count % len(samples)
        played = (samples * 3)[begin : begin + len(heard)]
        emulator.stdin.close()
        assert await emulator.wait() == 0
        await feed.stdout.read()
        assert await feed.wait() == 1  # the stethoscope is gone
    assert heard == played


async def test_a_stethoscope_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    feed = await asyncio.create_subprocess_exec(
        *FEED, str(tmp_path / "gone"), stdout=PIPE, stderr=PIPE
    )
    out, error = await asyncio.wait_for(feed.communicate(), LIMIT_S)
    assert (feed.returncode, out) == (1, b"")
    assert error.startswith(b"device-missing")
