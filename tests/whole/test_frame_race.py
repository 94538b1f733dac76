"""A reader beside a writer of another process that never waits: no picture is ever half another."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from media.link.frame_share import FrameReader

pytestmark = pytest.mark.whole

SIDE = 1024
RACE_LIMIT_S = 45.0
TAKEN_ENOUGH, TORN_ENOUGH = 30, 3


@pytest.fixture
def another_thread() -> Iterator[None]:
    """Takes the interpreter from the reader in the middle of a picture, as a busy screen does."""
    ended = threading.Event()

    def turn() -> None:
        while not ended.is_set():
            pass

    busy = threading.Thread(target=turn, name="busy")
    busy.start()
    yield
    ended.set()
    busy.join()


@pytest.fixture
def raced() -> Iterator[FrameReader]:
    ours, theirs = socket.socketpair()
    writer = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.whole.frame_race_writer"),
            *(str(theirs.fileno()), str(SIDE)),
        ],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.PIPE,
    )
    theirs.close()
    ours.settimeout(20)
    word, descriptors, _, _ = socket.recv_fds(ours, 4, 1)
    assert word == b"here"
    reader = FrameReader(descriptors[0], SIDE * SIDE * 4)
    yield reader
    reader.close()
    writer.communicate(timeout=20)
    ours.close()


@pytest.mark.usefixtures("another_thread")
def test_no_picture_is_ever_half_another(raced: FrameReader) -> None:
    taken, newest, ends_at = 0, 0, time.monotonic() + RACE_LIMIT_S
    # The race must be one: half-written pictures have to be there to be taken.
    while taken < TAKEN_ENOUGH or raced.torn < TORN_ENOUGH:
        assert time.monotonic() < ends_at, f"no race: {taken} taken, {raced.torn} torn"
        picture = raced.newest()
        if picture is None or picture.sequence == newest:
            continue
        assert picture.sequence > newest
        newest = picture.sequence
        value = picture.sequence % 251
        assert picture.data.tobytes().count(value) == SIDE * SIDE * 4
        taken += 1
