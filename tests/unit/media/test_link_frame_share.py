"""Pictures in shared memory: the newest whole one, never a half one, and only to be read."""

import fcntl
import mmap
import os

import pytest

from app.domain.failures import Code, Rejected, Untrusted
from app.domain.picture import Layout
from media.link.frame_share import SLOTS, FrameReader, FrameWriter
from media.link.sealed_memory import contents, new_sealed, new_shared

SIDE = 16
BYTES = SIDE * SIDE * 4


def filled(value: int) -> bytes:
    return bytes([value]) * BYTES


def write(writer: FrameWriter, value: int) -> tuple[int, int]:
    return writer.write(SIDE, SIDE, Layout.BGRA, 1.25, [filled(value)])


def reader_of(writer: FrameWriter) -> FrameReader:
    return FrameReader(os.dup(writer.descriptor), writer.slot_bytes)


def test_the_newest_picture_wins_and_stays_until_a_newer_one_comes() -> None:
    writer = FrameWriter(BYTES)
    reader = reader_of(writer)
    assert reader.newest() is None
    for value in range(1, 11):
        write(writer, value)
    picture = reader.newest()
    assert picture is not None
    assert (picture.width, picture.height, picture.layout) == (SIDE, SIDE, Layout.BGRA)
    assert (picture.sequence, picture.captured_at) == (10, 1.25)
    assert bytes(picture.data) == filled(10)
    assert reader.newest() is picture
    assert picture.data.readonly
    write(writer, 11)
    newer = reader.newest()
    assert newer is not None and bytes(newer.data) == filled(11)
    assert bytes(picture.data) == filled(10)  # the shown one is not drawn over by the next
    reader.close()
    writer.close()


def test_pictures_change_size_and_layout() -> None:
    writer = FrameWriter(BYTES)
    reader = reader_of(writer)
    write(writer, 1)
    assert reader.newest() is not None
    writer.write(8, 8, Layout.I420, 2.0, [b"\1" * 64, b"\2" * 16, b"\3" * 16])
    picture = reader.newest()
    assert picture is not None
    assert bytes(picture.data) == b"\1" * 64 + b"\2" * 16 + b"\3" * 16
    reader.close()
    writer.close()


def test_a_picture_that_is_being_written_over_is_passed_over() -> None:
    writer = FrameWriter(BYTES)
    reader = reader_of(writer)
    for value in range(1, SLOTS + 1):
        slot, _ = write(writer, value)
    head = slot * writer._stride // 8
    writer._words[head] = 99  # the writer has begun to write here again
    assert reader.newest() is None
    assert reader.torn == 3
    writer._words[head] = SLOTS
    picture = reader.newest()
    assert picture is not None and picture.sequence == SLOTS
    reader.close()
    writer.close()


def test_a_picture_written_over_while_it_was_copied_is_never_shown() -> None:
    writer = FrameWriter(BYTES)
    reader = reader_of(writer)
    write(writer, 1)
    first = reader.newest()
    slot, _ = write(writer, 2)
    memory, start = reader._bytes, slot * reader._stride

    class MovesOn:
        """Memory in which the writer comes round during the copy."""

        def __getitem__(self, where: slice) -> memoryview:
            copied = memory[where]
            writer._words[start // 8] = 6
            return copied

    reader._bytes = MovesOn()  # type: ignore[assignment]  # that is the test
    assert reader.newest() is first
    assert reader.torn >= 1
    assert first is not None and bytes(first.data) == filled(1)
    reader._bytes = memory
    reader.close()
    writer.close()


def test_a_reader_can_neither_write_nor_change_the_size() -> None:
    writer = FrameWriter(BYTES)
    write(writer, 7)
    given = os.dup(writer.descriptor)
    again = os.open(f"/proc/self/fd/{given}", os.O_RDWR)
    for descriptor in (given, again):
        with pytest.raises(PermissionError):
            mmap.mmap(descriptor, mmap.PAGESIZE)
        with pytest.raises(PermissionError):
            os.pwrite(descriptor, b"x", 0)
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, 0)
        with pytest.raises(PermissionError):
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        with mmap.mmap(descriptor, mmap.PAGESIZE, prot=mmap.PROT_READ) as mapping:
            with pytest.raises(TypeError):
                mapping[0] = 1
    os.close(again)
    reader = FrameReader(given, writer.slot_bytes)
    picture = reader.newest()
    assert picture is not None and bytes(picture.data) == filled(7)
    reader.close()
    writer.close()


def test_memory_that_could_shrink_under_us_is_refused() -> None:
    loose = os.memfd_create("loose", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(loose, 1 << 20)
    with pytest.raises(Untrusted):
        FrameReader(loose, BYTES)


def test_memory_of_another_size_than_was_said_is_refused() -> None:
    writer = FrameWriter(BYTES)
    with pytest.raises(Untrusted):
        FrameReader(os.dup(writer.descriptor), 100 * BYTES)
    with pytest.raises(Untrusted):
        FrameReader(os.dup(writer.descriptor), -1)
    writer.close()


def test_a_head_that_lies_about_its_picture_is_not_believed() -> None:
    writer = FrameWriter(BYTES)
    reader = reader_of(writer)
    slot, sequence = write(writer, 1)
    head = slot * writer._stride // 8
    for word, lie in ((2, 10**6), (4, 9), (5, 10**9), (5, 1)):
        true = writer._words[head + word]
        writer._words[head + word] = lie
        assert reader.newest() is None
        writer._words[head + word] = true
    picture = reader.newest()
    assert picture is not None and picture.sequence == sequence
    reader.close()
    writer.close()


def test_a_picture_that_does_not_fit_is_refused() -> None:
    writer = FrameWriter(BYTES)
    for width, parts, code in (
        (SIDE * 2, [filled(1) * 2], Code.TOO_LARGE),
        (0, [], Code.TOO_LARGE),
        (SIDE, [filled(1), b"x"], Code.TOO_LARGE),
        (SIDE, [filled(1)[:-1]], Code.INCOMPLETE),
    ):
        with pytest.raises(Rejected) as refused:
            writer.write(width, SIDE, Layout.BGRA, 0.0, parts)
        assert refused.value.code is code
    writer.close()


def test_the_memory_has_no_name_in_the_file_system() -> None:
    writer = FrameWriter(BYTES)
    where = os.readlink(f"/proc/self/fd/{writer.descriptor}")
    assert where.startswith("/memfd:") and where.endswith("(deleted)")
    writer.close()


def test_a_sealed_recording_can_be_read_and_never_changed() -> None:
    descriptor = new_sealed(b"RIFF" * 1000, "recording")
    assert contents(descriptor, 4000) == b"RIFF" * 1000
    with pytest.raises(PermissionError):
        os.pwrite(descriptor, b"x", 0)
    with pytest.raises(Untrusted):
        contents(descriptor, 4001)
    os.close(descriptor)


def test_a_recording_that_its_writer_could_still_change_is_refused() -> None:
    descriptor, mapping = new_shared(4096, "recording")
    with pytest.raises(Untrusted):
        contents(descriptor, 4096)
    mapping.close()
    os.close(descriptor)
