"""What a person saves in the clear lies under the name that they gave, and under no other."""

import errno
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from app.runtime import whole_file
from app.runtime.process_guard import forbid_core_dumps
from app.runtime.whole_file import write_named_last


def die_writing(folder: str, how: str) -> None:
    """Dies by its own hand when all bytes are written and nothing is named."""
    forbid_core_dumps()  # as our programs do: /proc/self is then the system's
    if how == "in the middle":
        os.fsync = lambda _: os.kill(os.getpid(), 9)  # type: ignore[assignment]
    write_named_last(Path(folder) / "saved.wav", b"in the clear " * 10_000)


def ended(folder: Path, how: str) -> int | None:
    child = multiprocessing.get_context("spawn").Process(
        target=die_writing, args=(str(folder), how)
    )
    child.start()
    child.join(60)
    return child.exitcode


def test_a_program_that_dies_leaves_nothing_in_the_clear(tmp_path: Path) -> None:
    (tmp_path / "saved.wav").write_bytes(b"before")
    assert ended(tmp_path, "in the middle") == -9
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"saved.wav": b"before"}
    assert ended(tmp_path, "not at all") == 0
    assert (tmp_path / "saved.wav").read_bytes().startswith(b"in the clear")
    assert os.listdir(tmp_path) == ["saved.wav"]


@pytest.mark.parametrize("is_nameless", [True, False])
def test_it_is_there_whole_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_nameless: bool
) -> None:
    if not is_nameless:
        monkeypatch.setattr(whole_file, "NO_NAME", 0)
    path = tmp_path / "saved.wav"
    for data in (b"one", b"another", b""):
        write_named_last(path, data)
        assert path.read_bytes() == data
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["saved.wav"]


@pytest.mark.parametrize("is_nameless", [True, False])
def test_a_full_disk_leaves_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_nameless: bool
) -> None:
    if not is_nameless:
        monkeypatch.setattr(whole_file, "NO_NAME", 0)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="no space"):
        write_named_last(tmp_path / "saved.wav", b"data")
    assert os.listdir(tmp_path) == []


def test_a_system_whose_files_need_a_name_gets_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.open

    def fat(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "not here")
        return original(path, flags, *more)

    monkeypatch.setattr(os, "open", fat)
    write_named_last(tmp_path / "saved.wav", b"data")
    assert (tmp_path / "saved.wav").read_bytes() == b"data"


def test_too_little_room_is_seen_before_the_old_one_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_file, "NO_NAME", 0)
    path = tmp_path / "saved.wav"
    path.write_bytes(b"before")
    room = os.statvfs(tmp_path)
    with pytest.raises(OSError, match="no space"):
        write_named_last(path, _Longer(room.f_bavail * room.f_frsize + 1))
    assert path.read_bytes() == b"before"


class _Longer(bytes):
    """Claims a length that no disk has."""

    def __new__(cls, length: int) -> "_Longer":
        made = super().__new__(cls, b"x")
        made.length = length
        return made

    length: int

    def __len__(self) -> int:
        return self.length


def test_no_file_is_not_a_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, Path("/dev/null")):
        with pytest.raises(OSError, match="no file"):
            write_named_last(place, b"data")
    assert os.listdir(tmp_path) == ["pipe"]
