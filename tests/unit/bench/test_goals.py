"""The one function that says whether a goal is met."""

import math

import pytest

from bench.goals import holds


@pytest.mark.parametrize(
    ("value", "goal", "expected"),
    [
        (1.0, "<= 1.0", True),
        (1.0000001, "<= 1.0", False),
        (1.0, "< 1", False),
        (0.999, "<1", True),
        (300, ">= 300", True),
        (299.9, ">= 300", False),
        (300, "> 300", False),
        (301, ">300.0", True),
        (0.0, "== 0", True),
        (-0.1, "== 0", False),
        (-2.5, "<= -2.5", True),
        (-2.4, "<= -2.5", False),
        (0.002, "<= 2e-3", True),
        (0.5, "  <=   .5  ", True),
        (5.0, "<= +5.", True),
    ],
)
def test_value_against_goal(value: float, goal: str, expected: bool) -> None:
    assert holds(value, goal) is expected


def test_nothing_is_claimed_without_a_value_or_without_a_goal() -> None:
    assert holds(None, "<= 1.0") is None
    assert holds(1.0, None) is None
    assert holds(None, None) is None


@pytest.mark.parametrize(
    "goal",
    [
        *("", "soon", "1.0", "<=", "<= ", "=< 1", "= 1", "!= 1", "<= 1 s", "<= 1.0 or so"),
        *("<= 1,0", "<= nan", "<= inf", "<= 1 <= 2", "<= 0x10", "<= --1", "<= 1e", "≤ 1"),
        "<= 1\n<= 9 x",
    ],
)
def test_a_goal_that_nobody_can_check_is_no_goal(goal: str) -> None:
    for value in (0.0, None):
        with pytest.raises(ValueError, match="not a goal"):
            holds(value, goal)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_meets_nothing(value: float) -> None:
    with pytest.raises(ValueError, match="not a value"):
        holds(value, "<= 1.0")
