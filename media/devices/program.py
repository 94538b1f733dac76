"""Short programs of ours: heard to their end, or ended, so that nothing of them is left.

Not asyncio's subprocess: it begins one over several turns of the loop, and one that is called off
meanwhile (all tasks are, when a loop ends) it waits for without end, or forgets. Here there is no
await between the birth of a program and its owner, and none that its end must have.
"""

import asyncio
import logging
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from app.domain.failures import Code, Unavailable

log = logging.getLogger(__name__)

LIMIT_S = 4.0  # it is gone at once; to hear of it may take a busy machine its time
LAST_LIMIT_S = 0.2  # the same, where nobody has the time to wait for it
LOOK_FIRST_S, LOOK_LAST_S = 0.001, 0.05
MOST_READ_BYTES = 64 * 1024
MOST_SAID_BYTES = 1024 * 1024


class Program:
    """One that runs; whoever has it must `end` it. OSError when it cannot be begun.

    `stderr`: as subprocess takes it; None leaves it ours. `limit`: of a line.
    """

    def __init__(
        self,
        *command: str,
        env: Mapping[str, str] | None = None,
        stderr: int | None = subprocess.DEVNULL,
        limit: int = MOST_READ_BYTES,
    ) -> None:
        loop = asyncio.get_running_loop()  # without one nothing is begun
        self._popen = subprocess.Popen(
            command,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
        )
        assert self._popen.stdout is not None
        self._said = _Pipe(loop, self._popen.stdout, limit)
        complaints = self._popen.stderr
        self._complaints = None if complaints is None else _Pipe(loop, complaints, limit)

    @property
    def stdout(self) -> asyncio.StreamReader:
        return self._said.reader

    @property
    def stderr(self) -> asyncio.StreamReader:
        """Only of one begun with a pipe for it."""
        assert self._complaints is not None
        return self._complaints.reader

    @property
    def returncode(self) -> int | None:
        return self._popen.returncode

    async def ended(self) -> int:
        """Its return code, when there is one; it is not asked to end."""
        pause_s = LOOK_FIRST_S
        while (code := self._popen.poll()) is None:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LOOK_LAST_S)
        return code

    def kill(self) -> None:
        """It cannot refuse; its pipes are closed before it knows."""
        self._popen.kill()
        for pipe in (self._said, self._complaints):
            if pipe is not None:
                pipe.close()

    def bury(self) -> bool:
        """Is it gone? A moment is given to it here and now: whoever waited may be called off."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(LAST_LIMIT_S)
        return self._popen.returncode is not None


class _Pipe(asyncio.ReadTransport):
    """What a program writes, given to a reader as it comes; closed at once, not turns later."""

    def __init__(self, loop: asyncio.AbstractEventLoop, file: IO[bytes], limit: int) -> None:
        super().__init__()
        self._loop = loop
        self._file = file
        os.set_blocking(file.fileno(), False)
        self.reader = asyncio.StreamReader(limit, loop)
        self.reader.set_transport(self)
        self.resume_reading()

    def resume_reading(self) -> None:
        if not self._file.closed:
            self._loop.add_reader(self._file.fileno(), self._read)

    def pause_reading(self) -> None:
        if not self._file.closed:
            self._loop.remove_reader(self._file.fileno())

    def close(self) -> None:
        if not self._file.closed:
            self.pause_reading()
            self._file.close()
            self.reader.feed_eof()

    def _read(self) -> None:
        try:
            data = os.read(self._file.fileno(), MOST_READ_BYTES)
        except BlockingIOError:
            return
        if data:
            self.reader.feed_data(data)
        else:
            self.close()


async def all_said(program: Program, limit_s: float) -> bytes:
    """What it wrote until it ended; Unavailable(NO_SOUND_DEVICE) when too much, or too late."""
    said = bytearray()
    try:
        async with asyncio.timeout(limit_s):
            while piece := await program.stdout.read(MOST_READ_BYTES):
                said += piece
                if len(said) > MOST_SAID_BYTES:
                    raise Unavailable(Code.NO_SOUND_DEVICE, "list")
            await program.ended()
    except TimeoutError as error:
        raise Unavailable(Code.NO_SOUND_DEVICE, "list") from error
    finally:
        await end(program)
    return bytes(said)


async def end(program: Program) -> None:
    """Killed, and gone, also when nobody waits for it; one that the system cannot end is left."""
    program.kill()
    try:
        async with asyncio.timeout(LIMIT_S):
            await program.ended()
    except TimeoutError:
        pass  # told below
    finally:
        if not program.bury():
            log.error("a program that was killed does not end")
