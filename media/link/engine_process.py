"""The media process as its starter sees it: begun with a socket and a secret, ended by its id.

The secret goes through a pipe whose descriptor is inherited: no argument, environment or file.
"""

import logging
import os
import secrets
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.failures import Code, Unavailable
from media.link.child_process import command_of, passed_on_environment, wait_for_end
from media.link.local_socket import SECRET_BYTES, forget, new_listening_socket

log = logging.getLogger(__name__)


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
        descriptors = ["--listen-fd", str(listening.fileno()), "--secret-fd", str(reading)]
        return subprocess.Popen(
            command_of("media.process", *descriptors, *arguments),
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
        if not await wait_for_end(self._process, limit_s):
            log.warning("media process %d did not end by itself", self.pid)
        self.kill()

    def kill(self) -> None:
        """Only ever our own child, which nobody else can have reaped."""
        if self.is_running:
            self._process.kill()
            self._process.wait()
        forget(self.address.socket_path)
