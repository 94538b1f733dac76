"""Rows and the file they are written to."""

import json
from pathlib import Path

import pytest

from bench.rows import Row, not_measured, p95_row, percentile, rounded, spread_of, write

FIELDS = ["measure", "value", "unit", "n", "spread", "peer", "peer_value", "ratio"]
FIELDS += ["goal", "holds", "note"]


def test_a_percentile_is_one_of_the_samples() -> None:
    samples = [float(number) for number in range(60, 0, -1)]
    assert percentile(samples, 95) == 57.0
    assert percentile(samples, 50) == 30.0
    assert percentile(samples, 100) == 60.0
    assert percentile([7.0], 1) == 7.0
    assert percentile([1.0, 2.0], 95) == 2.0


@pytest.mark.parametrize(("samples", "percent"), [([], 95), ([1.0], 0), ([1.0], 101)])
def test_no_percentile_of_nothing(samples: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(samples, percent)


def test_a_row_says_itself_whether_it_holds() -> None:
    slow = [0.2] * 18 + [1.4] * 2
    row = p95_row("join", "s", slow, "how", "<= 1.0")
    assert (row.value, row.n, row.holds) == (1.4, 20, False)
    assert p95_row("join", "s", [0.2] * 19 + [1.4], "how", "<= 1.0").holds is True
    assert row.spread == {"min": 0.2, "p50": 0.2, "p95": 1.4, "max": 1.4}
    assert "MISSED" in row.told() and "1.4 s" in row.told()


def test_what_was_not_measured_claims_nothing() -> None:
    row = not_measured("join", "s", "<= 1.0", "no display")
    said = row.as_json()
    assert (said["value"], said["n"], said["holds"], said["note"]) == (None, 0, None, "no display")
    assert p95_row("join", "s", [], "how", "<= 1.0").value is None
    assert spread_of([]) == {}
    assert row.told() == "join: not measured (no display)"


def test_a_row_with_a_peer_has_a_ratio() -> None:
    row = Row("size", "MiB", 50.0, 1, {}, "", None, "another program", 200.0)
    assert row.as_json()["ratio"] == 0.25
    assert Row("size", "MiB", 50.0, 1, {}, "").as_json()["ratio"] is None
    assert Row("size", "MiB", None, 0, {}, "", None, "another", 200.0).as_json()["ratio"] is None


def test_rounding_keeps_four_figures() -> None:
    assert [rounded(value) for value in (0.123456, 1234.56, -9.87654)] == [0.1235, 1235.0, -9.877]


def test_the_file_has_the_form_that_every_benchmark_has(tmp_path: Path) -> None:
    path = tmp_path / "results" / "visit.json"
    rows = [p95_row("join", "s", [0.5], "how", "<= 1.0"), not_measured("x", "s", None, "why")]
    write(path, {"commit": "c", "machine": {}, "load": {}}, rows)
    said = json.loads(path.read_text())
    assert list(said) == ["head", "rows"]
    assert [list(row) for row in said["rows"]] == [FIELDS, FIELDS]
    assert [row["holds"] for row in said["rows"]] == [True, None]
    assert [file.name for file in path.parent.iterdir()] == ["visit.json"]
