"""The media process as its starter sees it: begun with a socket and a secret, ended by its id.

The secret goes through a pipe whose descriptor is inherited: no argument, environment or file.
"""

import asyncio
import logging
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.failures import Code, Unavailable
from media.link.local_socket import SECRET_BYTES, forget, new_listening_socket

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
# What sound, locale and the loader need; nothing else of the screen's environment goes along.
_PASSED_ON = ("HOME", "LANG", "PATH", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "LD_LIBRARY_PATH")
_PASSED_ON_BEGINNINGS = ("ALSA_", "DBUS_SESSION_", "LC_", "PIPEWIRE_", "PULSE_")


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where a media process listens, and what proves that one may speak to it."""

    socket_path: str
    secret: bytes


class EngineProcess:
    """One started media process. It outlives us unless `end` is called."""

    def __init__(self, arguments: Sequence[str] = ()) -> None:
        """`arguments` are for limits that a test shortens."""
        listening = new_listening_socket()
        secret = secrets.token_bytes(SECRET_BYTES)
        self.address = EngineAddress(str(listening.getsockname()), secret)
        reading, writing = os.pipe()
        try:
            os.write(writing, secret)
            self._process = self._start(listening, reading, arguments)
        except OSError as error:
            forget(self.address.socket_path)
            raise Unavailable(Code.MEDIA_PROCESS_ENDED, "start") from error
        finally:
            os.close(reading)
            os.close(writing)
            listening.close()  # from here on only the media process holds it
        log.info("media process %d started", self._process.pid)

    def _start(
        self, listening: socket.socket, reading: int, arguments: Sequence[str]
    ) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "media.process"]
        command += ["--listen-fd", str(listening.fileno()), "--secret-fd", str(reading)]
        return subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=passed_on_environment(),
            pass_fds=(listening.fileno(), reading),
            start_new_session=True,  # Ctrl-C and a closing terminal are the screen's business
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    async def end(self, limit_s: float) -> None:
        """Wait for it to end by itself, at most so long; then end it."""
        if self.is_running:
            await self._wait(limit_s)
        if self.is_running:
            log.warning("media process %d did not end by itself", self.pid)
        self.kill()

    async def _wait(self, limit_s: float) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        handle = os.pidfd_open(self.pid)
        loop.add_reader(handle, ended.set)
        try:
            async with asyncio.timeout(limit_s):
                await ended.wait()
        except TimeoutError:
            pass  # the caller looks
        finally:
            loop.remove_reader(handle)
            os.close(handle)

    def kill(self) -> None:
        """Only ever our own child, which nobody else can have reaped."""
        if self.is_running:
            self._process.kill()
            self._process.wait()
        forget(self.address.socket_path)


def passed_on_environment() -> dict[str, str]:
    """The few variables that a program of ours needs, and where its code is."""
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_BEGINNINGS)
    }
    return passed_on | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
