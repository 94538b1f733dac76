"""Pages are checked past the library, and the library agrees."""

import random
from pathlib import Path

import pytest

from offline_store import page_check
from offline_store.connection import connect
from offline_store.page_check import PageCheck
from offline_store.store_file import make_file

KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.db"
    make_file(path, KEY)
    connection = connect(path, KEY)
    connection.execute("CREATE TABLE filler (body BLOB)")
    connection.execute(
        "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 400)"
        " INSERT INTO filler SELECT randomblob(3000) FROM n"
    )
    connection.close()
    return path


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << random.randrange(8)
    path.write_bytes(data)


def test_a_file_as_it_was_written_has_no_fault(path: Path) -> None:
    check = PageCheck(path, KEY)
    assert check.page_count() > 400
    assert check.faults() == [] and check.is_whole()


def test_every_flipped_bit_is_found_on_its_page(path: Path) -> None:
    whole = path.read_bytes()
    for _ in range(200):
        at = random.randrange(len(whole))
        path.write_bytes(whole)
        flip(path, at)
        found = PageCheck(path, KEY).faults()
        # The salt is part of every page's key.
        assert found == ([at // 4096 + 1] if at >= 16 else list(range(1, len(whole) // 4096 + 1)))


def test_the_library_finds_the_same_pages(path: Path) -> None:
    for at in (5000, 90_001, 4096 * 300 + 4095):
        flip(path, at)
    connection = connect(path, KEY)
    said = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    connection.close()
    assert [int(row[0].split()[-1]) for row in said] == PageCheck(path, KEY).faults()


def test_steps_of_any_size_find_what_the_whole_finds(path: Path) -> None:
    for at in (4096 * 7 + 5, 4096 * 256 + 5, 4096 * 399 + 5):
        flip(path, at)
    check = PageCheck(path, KEY)
    for size in (1, 7, 256, 1000):
        found = []
        for first in range(1, check.page_count() + 1, size):
            found += check.faults(first, size)
        assert found == check.faults() == [8, 257, 400]


def test_what_is_cut_or_zeroed_or_of_another_key_is_not_whole(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-1000])
    assert not PageCheck(path, KEY).is_whole()
    path.write_bytes(whole[: 4096 * 5] + bytes(4096) + whole[4096 * 6 :])
    assert PageCheck(path, KEY).faults() == [6]
    path.write_bytes(whole)
    assert len(PageCheck(path, bytes(32)).faults()) == len(whole) // 4096


def test_the_page_that_sqlite_never_writes_is_no_fault(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flip(path, 4096 * 20 + 9)
    assert PageCheck(path, KEY).faults() == [21]
    monkeypatch.setattr(page_check, "LOCK_PAGE", 21)
    assert PageCheck(path, KEY).faults() == []
