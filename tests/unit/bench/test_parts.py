"""Parts of a bench: each is written down by itself, with the head of its own run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import parts
from bench.rows import Row, not_measured


def made(*values: float | None) -> list[Row]:
    return [
        not_measured(f"row {at}", "s", "<= 1", "no display")
        if value is None
        else Row(f"row {at}", "s", value, 3, {"min": 0.5}, "how", "<= 1")
        for at, value in enumerate(values)
    ]


@pytest.fixture
def result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runs = iter(range(100))
    monkeypatch.setattr(parts, "load", lambda: {"1_min": 0.5})  # it looks for seconds
    monkeypatch.setattr(parts, "head", lambda before: {"run": next(runs), "load": before})
    monkeypatch.delenv("PARTS", raising=False)
    return tmp_path / "results.json"


def told(result: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def makers(one: list[Row], other: list[Row]) -> parts.Makers:
    named = [Row("other " + row.measure, *row_fields(row)) for row in other]
    return {"one": lambda: iter(one), "other": lambda: iter(named)}


def row_fields(row: Row) -> tuple[Any, ...]:
    return row.unit, row.value, row.n, row.spread, row.note, row.goal


def test_a_part_that_is_measured_again_leaves_the_others(
    result: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parts.measure(result, makers(made(0.4), made(0.6)), None) == parts.MEASURED
    monkeypatch.setenv("PARTS", "other")
    assert parts.measure(result, makers(made(9.0), made(2.0)), None) == parts.MEASURED
    rows = {row["measure"]: (row["value"], row["holds"]) for row in told(result)["rows"]}
    assert rows == {"row 0": (0.4, True), "other row 0": (2.0, False)}
    heads = told(result)["head"]["parts"]
    assert [(name, head["run"]) for name, head in heads.items()] == [("one", 0), ("other", 2)]


def test_what_is_measured_is_written_before_the_next_part_begins(result: Path) -> None:
    def fails() -> Iterator[Row]:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        parts.measure(result, {"one": lambda: iter(made(0.4)), "other": fails}, None)
    assert [row["measure"] for row in told(result)["rows"]] == ["row 0"]


def test_a_quick_run_says_so_in_each_row(result: Path) -> None:
    parts.measure(result, makers(made(0.4, 0.5), made(0.6)), "QUICK")
    assert [row["note"] for row in told(result)["rows"]] == ["QUICK; how"] * 3


def test_what_has_no_value_is_no_success(result: Path) -> None:
    assert parts.measure(result, makers(made(0.4), made(None)), None) == parts.NOT_MEASURED
    assert told(result)["rows"][1]["value"] is None


def test_a_part_that_is_not_there_is_said(
    result: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PARTS", "one everything")
    assert parts.measure(result, makers(made(0.4), made(0.6)), None) == parts.NO_PART
    assert "everything; known: one other" in capsys.readouterr().err
    assert not result.exists()


def test_every_result_file_that_is_kept_can_be_read() -> None:
    folder = Path(parts.__file__).parent / "results"
    for name in ("devices", "sync"):
        found = parts.read(folder / f"{name}.json")
        assert found and all(part.rows and part.head["commit"] for part in found.values()), name
