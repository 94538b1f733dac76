"""Where our processes meet on this machine: a Unix socket in a private folder, both ends checked.

Only makes, accepts and checks sockets; what is said on them is `local_channel.py`.
"""

import asyncio
import logging
import os
import secrets
import socket
import stat
import struct
import time
from collections.abc import Callable
from pathlib import Path

from app.domain.failures import Code, Unavailable, Untrusted

log = logging.getLogger(__name__)

PATH_MAX_BYTES = 100  # sun_path holds 108 with its closing zero
BACKLOG = 16
SECRET_BYTES = 32
SURELY_LISTENING_AFTER_S = 60.0
_PEER = struct.Struct("3i")  # struct ucred: process, user, group


def private_folder() -> Path:
    """Our folder of mode 0700 under the run-time directory; made when missing, never mended."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/") and os.path.isdir(runtime):
        folder = Path(runtime) / "bedside"
        if len(os.fsencode(folder / _socket_name())) <= PATH_MAX_BYTES:
            return _checked(folder)
    return _checked(Path(f"/tmp/bedside-{os.getuid()}"))  # noqa: S108  # checked below


def _checked(folder: Path) -> Path:
    """A folder that somebody else made, or may look into, is refused: it may be a trap."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        raise Unavailable(Code.NOT_ALLOWED, "run-time folder") from error
    seen = folder.lstat()
    is_ours = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid()
    if not is_ours or stat.S_IMODE(seen.st_mode) & 0o077:
        raise Untrusted(Code.NOT_ALLOWED, "run-time folder")
    return folder


def _socket_name() -> str:
    return f"media-{secrets.token_hex(8)}"


def new_listening_socket() -> socket.socket:
    """A bound and listening socket with a fresh name in our private folder."""
    folder = private_folder()
    path = folder / _socket_name()
    _sweep(folder)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise Unavailable(Code.NOT_ALLOWED, "local socket") from error
    listening.setblocking(False)
    return listening


def connect(path: str) -> socket.socket:
    """Reach the process that listens there; it must run as the same user."""
    reached = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        reached.setblocking(False)
        reached.connect(path)
        _check_peer(reached)
    except (OSError, Untrusted) as error:
        reached.close()
        if isinstance(error, Untrusted):
            raise
        raise Unavailable(Code.MEDIA_PROCESS_ENDED, "local socket") from error
    return reached


def forget(path: str) -> None:
    """Remove the name of a socket whose process is gone."""
    try:
        if stat.S_ISSOCK(os.lstat(path).st_mode):
            os.unlink(path)
    except OSError:
        pass  # already gone, or the folder is


def _sweep(folder: Path) -> None:
    """Names of processes that were killed; young ones may just be about to listen."""
    for entry in os.scandir(folder):
        if time.time() - entry.stat(follow_symlinks=False).st_mtime < SURELY_LISTENING_AFTER_S:
            continue
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
            knock.setblocking(False)
            try:
                knock.connect(entry.path)
            except ConnectionRefusedError:
                forget(entry.path)
            except OSError:
                pass  # busy, or no socket: not ours to remove


def peer_process(connected: socket.socket) -> int:
    """Who called `listen` last at the other end, or connected to us."""
    process, _ = _peer_of(connected)
    return process


def _check_peer(connected: socket.socket) -> None:
    _, user = _peer_of(connected)
    if user != os.getuid():
        raise Untrusted(Code.NOT_ALLOWED, "another user's process")


def _peer_of(connected: socket.socket) -> tuple[int, int]:
    said = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    process, user, _ = _PEER.unpack(said)
    return process, user


class LocalListener:
    """Accepts who runs as the same user; everybody else is shown the door."""

    def __init__(self, listening: socket.socket, on_client: Callable[[socket.socket], None]):
        self._listening = listening
        self._on_client = on_client
        self.path = str(listening.getsockname())

    def open(self) -> None:
        self._listening.setblocking(False)
        self._listening.listen(BACKLOG)  # again: who connects is told of us, not of our starter
        asyncio.get_running_loop().add_reader(self._listening.fileno(), self._accept)

    def close(self) -> None:
        """Stop listening and take the name away."""
        asyncio.get_running_loop().remove_reader(self._listening.fileno())
        self._listening.close()
        forget(self.path)

    @property
    def is_reachable(self) -> bool:
        """False when the folder or the name vanished: the user has logged out."""
        return os.path.exists(self.path)

    def _accept(self) -> None:
        try:
            client, _ = self._listening.accept()
        except OSError:
            return  # the client left before we looked
        try:
            _check_peer(client)
        except (OSError, Untrusted):
            log.warning("local client refused: %s", Code.NOT_ALLOWED)
            client.close()
            return
        client.setblocking(False)
        self._on_client(client)
