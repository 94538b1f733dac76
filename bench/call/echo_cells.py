"""Echo control's rows of `bench.echo` as cells of this table: no line, synthetic rooms."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from bench.echo import echo_rows
from bench.rows import Row

SINGLE, DOUBLE = "echo-single", "echo-double"
BOTH = "both speak"
SYNTHETIC = "synthetic"


def single() -> list[Row]:
    return of_cell(SINGLE, _measured())


def double() -> list[Row]:
    return of_cell(DOUBLE, _measured())


@cache
def _measured() -> list[Row]:
    """Once for both cells."""
    return echo_rows()


def of_cell(cell: str, rows: Sequence[Row]) -> list[Row]:
    """Those of that cell, by its name."""
    mine = [row for row in rows if (BOTH in row.measure) == (cell == DOUBLE)]
    return [
        replace(
            row,
            measure=f"{cell}: {row.measure.removeprefix('echo, ').replace(': ', ', ')}",
            note=row.note if SYNTHETIC in row.note else f"{SYNTHETIC}; {row.note}",
        )
        for row in mine
    ]
