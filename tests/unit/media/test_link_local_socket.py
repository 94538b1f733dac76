"""Where our processes meet: only in a folder that is ours alone, only with our own user."""

import asyncio
import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable, Untrusted
from media.link.hung_process import MODULE, end_hung
from media.link.local_socket import (
    PATH_MAX_BYTES,
    LocalListener,
    connect,
    forget,
    new_listening_socket,
    peer_process,
    private_folder,
)
from tests.unit.media.waiting import until

LISTENS = """
import asyncio, socket, sys
from media.link.local_socket import LocalListener
async def listens():
    LocalListener(socket.socket(fileno=int(sys.argv[1])), lambda client: None).open()
    print("listening", flush=True)
    await asyncio.sleep(60)
asyncio.run(listens())
"""
STRANGER = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
sys.exit(0 if s.recv(1) == b"" else 1)
"""


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_the_folder_is_made_for_us_alone(runtime: Path) -> None:
    os.umask(os.umask(0))
    folder = private_folder()
    assert folder == runtime / "bedside"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert private_folder() == folder  # and found again


def test_a_folder_that_others_may_look_into_is_refused(runtime: Path) -> None:
    (runtime / "bedside").mkdir()
    (runtime / "bedside").chmod(0o750)
    with pytest.raises(Untrusted):
        new_listening_socket()


def test_a_folder_that_only_points_elsewhere_is_refused(runtime: Path) -> None:
    (runtime / "elsewhere").mkdir(mode=0o700)
    (runtime / "bedside").symlink_to(runtime / "elsewhere")
    with pytest.raises(Untrusted):
        new_listening_socket()


def test_a_long_run_time_folder_is_passed_over(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = runtime / ("x" * 90)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    listening = new_listening_socket()
    path = str(listening.getsockname())
    listening.close()
    forget(path)
    assert path.startswith(f"/tmp/bedside-{os.getuid()}/")
    assert len(os.fsencode(path)) <= PATH_MAX_BYTES
    assert not os.path.exists(path)


async def test_who_listens_is_found_until_it_closes(runtime: Path) -> None:
    came: list[socket.socket] = []
    listener = LocalListener(new_listening_socket(), came.append)
    listener.open()
    with connect(listener.path):
        await until(lambda: came)
    was_reachable = listener.is_reachable
    listener.close()
    assert (was_reachable, listener.is_reachable) == (True, False)
    with pytest.raises(Unavailable) as away:
        connect(listener.path)
    assert away.value.code is Code.MEDIA_PROCESS_ENDED
    came[0].close()


@pytest.mark.parametrize(("name", "is_ended"), [(MODULE, True), ("another.program", False)])
async def test_who_hangs_at_the_other_end_is_ended_when_it_is_a_media_process(
    runtime: Path, name: str, is_ended: bool
) -> None:
    """The starter made the socket; who listens on it says so once more, and is the one meant."""
    listening = new_listening_socket()
    path = str(listening.getsockname())
    holder = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", LISTENS, str(listening.fileno()), name],
        pass_fds=(listening.fileno(),),
        stdout=asyncio.subprocess.PIPE,
    )
    listening.close()
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"listening\n"
    with connect(path) as reached:
        assert peer_process(reached) == holder.pid
    assert end_hung(holder.pid) is is_ended
    if not is_ended:
        holder.kill()
    async with asyncio.timeout(10):
        assert await holder.wait() == -signal.SIGKILL
    assert not end_hung(holder.pid)
    assert not end_hung(os.getpid())
    forget(path)


def test_names_of_the_dead_are_swept_and_those_of_the_living_are_not(runtime: Path) -> None:
    dead, young, living = (new_listening_socket() for _ in range(3))
    paths = [str(listening.getsockname()) for listening in (dead, young, living)]
    dead.close()
    young.close()
    for path in (paths[0], paths[2]):
        os.utime(path, (0, 0))
    (runtime / "bedside" / "note").write_text("no socket")
    os.utime(runtime / "bedside" / "note", (0, 0))
    newest = new_listening_socket()
    left = {str(path) for path in (runtime / "bedside").iterdir()}
    note = str(runtime / "bedside" / "note")
    assert left == {paths[1], paths[2], str(newest.getsockname()), note}
    living.close()
    newest.close()


async def test_a_vanished_folder_is_noticed(runtime: Path) -> None:
    listener = LocalListener(new_listening_socket(), lambda _: None)
    listener.open()
    os.rename(runtime / "bedside", runtime / "gone")
    assert not listener.is_reachable
    listener.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_another_user_is_shown_the_door(tmp_path: Path) -> None:
    """Even where the folder lets everybody in."""
    path = f"/tmp/bedside-door-{os.getpid()}"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    os.chmod(path, 0o777)
    listening.listen()
    came: list[socket.socket] = []
    listener = LocalListener(listening, came.append)
    listener.open()
    stranger = await asyncio.create_subprocess_exec(
        *[sys.executable, "-c", STRANGER, path], user=65534
    )
    try:
        async with asyncio.timeout(20):
            assert await stranger.wait() == 0
    finally:
        listener.close()
    assert came == []


def test_the_listeners_user_is_checked_by_the_caller_too(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = new_listening_socket()
    real_user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: real_user + 1)
    with pytest.raises(Untrusted):
        connect(str(listening.getsockname()))
    listening.close()
