"""A server that dies at any call to the disk: what it answered stands, and the file becomes whole.

The calls of one upload are counted, and it dies once in front of, and once in the middle of, each.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.failures import Code, Failure, Untrusted
from app.domain.ids import DeviceId, new_id
from server.recordings.incoming import FRESH_S, KEPT, Incoming, Upload
from server.recordings.shelf import Shelf
from server.workers import Workers

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DATA = os.urandom(3000)
NAME = hashlib.sha256(DATA).hexdigest()
PARTS = [DATA[:1000], DATA[1000:1700], DATA[1700:]]
DEVICE = DeviceId(new_id())
OF_OS = ("open", "write", "fsync", "ftruncate")
OF_PATHS = ("rename", "unlink", "mkdir")


class Died(BaseException):
    """As kill -9: nothing in between catches it."""


class Disk:
    """Counts calls, and dies at one of them; `by_half`: some of the bytes are written first."""

    def __init__(self, dies_at: int, *, by_half: bool) -> None:
        self.calls = 0
        self._dies_at = dies_at
        self._by_half = by_half

    def counted(self, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def counting(*args: object, **more: object) -> object:
            self.calls += 1
            if self.calls == self._dies_at:
                if self._by_half and name == "write":
                    file, block = args
                    call(file, bytes(block)[: len(bytes(block)) // 2])  # type: ignore[call-overload]
                raise Died
            return call(*args, **more)

        return counting


@contextmanager
def dying(disk: Disk) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name in OF_OS:
            patched.setattr(os, name, disk.counted(name, getattr(os, name)))
        for name in OF_PATHS:
            patched.setattr(Path, name, disk.counted(name, getattr(Path, name)))
        yield


class Server:
    """One folder; each life begins with nothing in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._workers = Workers("files", 1, 1)
        self.acknowledged = 0
        self.begin_life()

    def begin_life(self) -> None:
        self.shelf = Shelf(self._folder, self._workers)
        self.incoming = Incoming(self._folder / "uploads", self.shelf)

    def found(self) -> Upload | None:
        return self.incoming.find(DEVICE, NAME, NOW)

    def bring(self, *, to_the_end: bool = True) -> None:
        """As a device does that asks where to go on."""
        upload = self.found() or self.incoming.begin(DEVICE, NAME, len(DATA), NOW)
        assert upload.offset >= self.acknowledged, "what was answered is gone"
        while not upload.is_whole:
            most = 1000 if to_the_end else 700
            block = DATA[upload.offset : upload.offset + most]
            upload = self.incoming.append(upload, block, NOW)
            self.acknowledged = upload.offset
        self.incoming.prove(upload)
        assert self.shelf.path_of(NAME).read_bytes() == DATA
        self.incoming.forget(DEVICE, NAME)

    def close(self) -> None:
        self._workers.close()


@pytest.mark.parametrize("by_half", [False, True])
def test_it_dies_at_every_call_to_the_disk(tmp_path: Path, by_half: bool) -> None:
    dies_at = 0
    while True:
        dies_at += 1
        server, disk = Server(tmp_path / str(dies_at)), Disk(dies_at, by_half=by_half)
        try:
            with dying(disk):
                server.bring()
        except Died:
            pass
        else:
            server.close()
            break
        server.begin_life()
        if server.acknowledged < len(DATA):
            server.bring(to_the_end=False)
        elif (upload := server.found()) is not None:  # whole: its end was cut off
            server.incoming.prove(upload)
        assert server.shelf.path_of(NAME).read_bytes() == DATA
        server.close()
    assert dies_at > 25  # otherwise nothing was counted
    print(f"{dies_at - 1} places to die at")


def test_it_dies_again_and_again(tmp_path: Path) -> None:
    """Each life comes a little further, never back."""
    server, lives = Server(tmp_path), 0
    while True:
        lives += 1
        try:
            with dying(Disk(dies_at=9, by_half=True)):
                server.bring()
        except Died:
            server.begin_life()
            continue
        break
    assert lives > 2
    assert server.shelf.path_of(NAME).read_bytes() == DATA
    server.close()


def test_what_lies_behind_the_offset_is_written_over(tmp_path: Path) -> None:
    """A power cut may leave anything there."""
    server = Server(tmp_path)
    upload = server.incoming.begin(DEVICE, NAME, len(DATA), NOW)
    upload = server.incoming.append(upload, PARTS[0], NOW)
    [data] = (tmp_path / "uploads").glob("*.data")
    with data.open("ab") as file:
        file.write(os.urandom(5000))
    server.begin_life()
    server.bring()
    assert server.shelf.path_of(NAME).stat().st_size == len(DATA)
    server.close()


def test_a_whole_one_of_other_bytes_is_thrown_away(tmp_path: Path) -> None:
    server = Server(tmp_path)
    upload = server.incoming.begin(DEVICE, NAME, len(DATA), NOW)
    upload = server.incoming.append(upload, os.urandom(len(DATA)), NOW)
    with pytest.raises(Untrusted) as caught:
        server.incoming.prove(upload)
    assert caught.value.code is Code.HASH_MISMATCH
    assert server.found() is None and not server.shelf.path_of(NAME).exists()
    server.close()


def test_what_nobody_goes_on_with_is_tidied_away_but_nothing_fresh(tmp_path: Path) -> None:
    server, other = Server(tmp_path), hashlib.sha256(b"other").hexdigest()
    folder = tmp_path / "uploads"
    server.incoming.begin(DEVICE, NAME, len(DATA), NOW)
    server.incoming.begin(DEVICE, other, 5, NOW + timedelta(days=1))
    (folder / "stranger").write_bytes(b"x")
    server.incoming.forget_expired(NOW + KEPT)
    assert len(list(folder.iterdir())) == 5  # all of them were made just now
    for path in folder.iterdir():
        os.utime(path, (0, path.stat().st_mtime - FRESH_S - 1))
    server.incoming.forget_expired(NOW + KEPT)
    assert {path.name.split("-")[1][:64] for path in folder.iterdir()} == {other}
    server.close()


def test_a_folder_that_cannot_be_written_is_said_and_loses_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path)
    upload = server.incoming.begin(DEVICE, NAME, len(DATA), NOW)
    upload = server.incoming.append(upload, PARTS[0], NOW)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", _fails)
        with pytest.raises((OSError, Failure)):
            server.incoming.append(upload, PARTS[1], NOW)
    found = server.found()
    assert found is not None and found.offset == 1000
    server.bring()
    server.close()


def _fails(_: int) -> None:
    raise OSError(5, "input/output error")
