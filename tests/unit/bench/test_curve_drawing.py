"""The row of the drawn curves: what it counts, and that it is none without a running call."""

import pytest

from bench.call.link import NoRoot
from bench.devices import curve_drawing
from bench.devices.amount import QUICK
from bench.devices.curve_drawing import Beside, Drawn, draw, rows, rows_of

CALL = Beside(pictures=[24.0, 26.0, 0.0], heard=40)


def test_a_frame_too_slow_or_too_few_of_them_miss_the_goal() -> None:
    cost, work, pace = rows_of(Drawn([0.5] * 60, [0.4] * 60, 2.0), CALL)
    assert (work.value, work.goal) == (0.4, None)
    assert (cost.value, cost.holds, pace.value, pace.holds) == (0.5, True, 30.0, True)
    cost, _, pace = rows_of(Drawn([0.5] * 50 + [3.0] * 5, [0.4] * 55, 2.0), CALL)
    assert (cost.value, cost.holds, pace.value, pace.holds) == (3.0, False, 27.5, False)


@pytest.mark.parametrize(
    "beside", [Beside([], 40), Beside([25.0] * 9, 0), Beside([25.0, 0.0, 0.0], 40)]
)
def test_beside_a_call_that_stands_still_nothing_is_measured(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measured(seconds: float) -> tuple[Drawn, Beside]:
        return Drawn([0.1] * 60, [0.1] * 60, 2.0), beside

    assert CALL.ran
    monkeypatch.setattr(curve_drawing, "_beside_a_call", measured)
    assert [row.holds for row in rows(QUICK)] == [None, None, None]


def test_without_a_line_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(seconds: float) -> tuple[Drawn, Beside]:
        raise NoRoot

    monkeypatch.setattr(curve_drawing, "_beside_a_call", refused)
    assert [row.value for row in rows(QUICK)] == [None, None, None]


def test_each_frame_that_is_drawn_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    drawn = draw(1.0)
    assert 1 <= len(drawn.times_ms) <= 31
    assert all(time_ms > 0 for time_ms in drawn.times_ms)
