"""The journal's file: what a crash leaves is dropped, what is damaged is told, nothing else."""

import os
import random
from pathlib import Path

import pytest

from app.domain.failures import Code, Unavailable
from offline_store.journal import HEAD_BYTES, HEADER, Found, Frame, Journal

KEY = bytes(range(32))


def frames(count: int) -> list[Frame]:
    return [Frame(number, f"act {number} ".encode() * 20) for number in range(1, count + 1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.journal"


def written(path: Path, count: int = 6) -> bytes:
    """One frame when the file is made, the others one after the other."""
    journal, (first, *others) = Journal(path, KEY), frames(count)
    journal.write_anew([first])
    for frame in others:
        journal.append(frame)
    journal.close()
    return path.read_bytes()


def read(path: Path, data: bytes) -> Found:
    path.write_bytes(data)
    return Journal(path, KEY).read()


def test_what_was_appended_is_read_again(path: Path) -> None:
    data = written(path)
    found = Journal(path, KEY).read()
    assert found.frames == frames(6)
    assert (found.is_damaged, found.end) == (False, len(data))
    assert b"act" not in data


def test_a_file_that_is_not_there_is_an_empty_one(path: Path) -> None:
    assert Journal(path, KEY).read() == Found()


def test_a_cut_at_any_byte_leaves_the_frames_before_it(path: Path) -> None:
    data = written(path)
    size = (len(data) - HEADER.size) // 6
    for end in range(HEADER.size, len(data)):
        found = read(path, data[:end])
        assert not found.is_damaged, end
        assert found.frames == frames(6)[: len(found.frames)]
        assert len(found.frames) >= (end - HEADER.size) // (size + 2)


def test_room_that_was_given_and_never_written_is_no_damage(path: Path) -> None:
    found = read(path, written(path) + bytes(5000))
    assert (found.frames, found.is_damaged) == (frames(6), False)


def test_every_bit_that_flips_is_seen(path: Path) -> None:
    """In the last frame, too: its head says that it is all there."""
    data = written(path, 3)
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << random.randrange(8)
        found = read(path, bytes(flipped))
        assert found.is_damaged, at
        assert all(frame in frames(3) for frame in found.frames)


def test_what_stands_behind_damage_is_found_all_the_same(path: Path) -> None:
    data = written(path)
    size = (len(data) - HEADER.size) // 6
    for at in (HEADER.size + 2 * size + 3, HEADER.size + 2 * size + HEAD_BYTES + 20):
        flipped = bytearray(data)
        flipped[at] ^= 4
        found = read(path, bytes(flipped))
        assert [frame.counter for frame in found.frames] == [1, 2, 4, 5, 6]


def test_frames_of_another_file_or_place_are_not_taken(path: Path) -> None:
    first, second = written(path), written(path)
    assert first[HEADER.size :] != second[HEADER.size :]
    assert read(path, first[: HEADER.size] + second[HEADER.size :]).frames == []
    size = (len(first) - HEADER.size) // 6
    doubled = first + first[HEADER.size : HEADER.size + size]
    found = read(path, doubled)
    assert (found.frames, found.is_damaged) == (frames(6), True)


def test_another_key_reads_nothing(path: Path) -> None:
    written(path)
    found = Journal(path, bytes(32)).read()
    assert (found.frames, found.is_damaged) == ([], True)


def test_a_frame_taken_back_is_gone_and_the_next_stands_in_its_place(path: Path) -> None:
    written(path, 3)
    journal = Journal(path, KEY)
    journal.open_at(journal.read().end)
    journal.append(Frame(4, b"never came about"))
    journal.take_back()
    journal.append(Frame(4, b"came about"))
    assert Journal(path, KEY).read().frames == [*frames(3), Frame(4, b"came about")]
    journal.close()


def test_what_a_crash_left_is_cut_off_before_anything_is_appended(path: Path) -> None:
    data = written(path, 3)
    path.write_bytes(data[:-7])
    journal = Journal(path, KEY)
    journal.open_at(journal.read().end)
    journal.append(Frame(9, b"after the crash"))
    found = Journal(path, KEY).read()
    assert (found.frames, found.is_damaged) == ([*frames(2), Frame(9, b"after the crash")], False)
    journal.close()


def test_a_disk_that_does_not_take_it_leaves_the_file_as_it_was(path: Path) -> None:
    before = written(path, 3)
    asked: list[int] = []

    def fails_once(descriptor: int) -> None:
        asked.append(descriptor)
        if len(asked) == 2:
            raise OSError(28, os.strerror(28))

    journal = Journal(path, KEY, sync=fails_once)
    journal.open_at(journal.read().end)
    with pytest.raises(Unavailable) as caught:
        journal.append(Frame(4, b"no room"))
    assert caught.value.code is Code.STORE_FULL
    assert path.read_bytes() == before
    journal.append(Frame(4, b"room again"))
    assert Journal(path, KEY).read().frames == [*frames(3), Frame(4, b"room again")]
    journal.close()
