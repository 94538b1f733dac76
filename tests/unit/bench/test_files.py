"""The benchmark of files measures what it says, with all that belongs to a row."""

from pathlib import Path

from bench.files import BLOB, LOADED_GOAL, PLAIN, SAVED_GOAL, rows


def test_each_row_is_measured_against_its_peer(tmp_path: Path) -> None:
    found = list(rows(tmp_path, rounds=3, byte_count=200_000))
    assert [(row.peer, row.goal) for row in found] == [
        (BLOB, SAVED_GOAL),
        (BLOB, LOADED_GOAL),
        (PLAIN, SAVED_GOAL),
        (PLAIN, LOADED_GOAL),
    ]
    assert len({row.measure for row in found}) == 4
    for row in found:
        assert row.n == 3
        assert row.value is not None and row.value > 0
        assert row.peer_value is not None and row.peer_value > 0
        assert row.as_json()["ratio"] > 0
