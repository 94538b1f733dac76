"""Files put out of memory, and how much of them is said to be there."""

import os
from pathlib import Path

from bench.page_cache import MIB, files_below, files_mapped_by, put_out, resident_mib


def test_what_was_read_lies_in_memory_and_what_was_put_out_does_not_or_is_told(
    tmp_path: Path,
) -> None:
    file = tmp_path / "below" / "large"
    file.parent.mkdir()
    file.write_bytes(os.urandom(2 * MIB))
    empty = tmp_path / "empty"
    empty.touch()
    files = files_below([tmp_path])
    assert files == {file, empty}
    assert resident_mib(files) == 2.0
    put_out(files)
    # A file system in memory keeps everything: then that is what is told.
    assert resident_mib(files) in (0.0, 2.0)
    file.read_bytes()
    assert resident_mib(files) == 2.0


def test_what_is_not_there_is_passed_over(tmp_path: Path) -> None:
    gone = [tmp_path / "gone", tmp_path]
    put_out(gone)
    assert resident_mib(gone) == 0.0


def test_the_libraries_of_a_process_are_found() -> None:
    assert any("libc" in path.name for path in files_mapped_by(os.getpid()))
