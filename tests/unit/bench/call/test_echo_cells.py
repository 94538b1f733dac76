"""Rows of echo control stand in the cell they belong to, each once, and are called synthetic."""

from bench.call.echo_cells import DOUBLE, SINGLE, of_cell
from bench.call.results import cell_of
from bench.rows import Row

ROWS = [
    Row(f"echo, small room: {what}", "dB", 1.0, 3, {}, note, ">= 35.0")
    for what, note in (
        ("echo suppressed, far side alone", "synthetic: a room"),
        ("near voice weakened, both speak", "worst of 3"),
        ("processor time for 10 ms", ""),
    )
]


def test_each_row_is_in_one_cell() -> None:
    single, double = of_cell(SINGLE, ROWS), of_cell(DOUBLE, ROWS)
    assert [row.measure for row in single] == [
        "echo-single: small room, echo suppressed, far side alone",
        "echo-single: small room, processor time for 10 ms",
    ]
    assert [row.measure for row in double] == [
        "echo-double: small room, near voice weakened, both speak"
    ]
    assert {cell_of(row) for row in single} == {SINGLE}
    assert all("synthetic" in row.note for row in single + double)
    assert double[0].note == "synthetic; worst of 3"
    assert [row.goal for row in single] == [">= 35.0", ">= 35.0"]
