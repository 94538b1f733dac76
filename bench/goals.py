"""Whether a value meets a goal such as "<= 1.0": the one place where `holds` comes from."""

import math
import operator
import re
from collections.abc import Callable

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
GOAL = re.compile(r"\s*(<=|>=|==|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")


def holds(value: float | None, goal: str | None) -> bool | None:
    """None without a value or without a goal. Raises ValueError for a goal nobody can check."""
    if goal is None:
        return None
    found = GOAL.fullmatch(goal)
    if found is None:
        raise ValueError(f"not a goal that a machine can check: {goal!r}")
    if value is None:
        return None
    if not math.isfinite(value):
        raise ValueError(f"not a value that can be compared: {value}")
    return COMPARISONS[found[1]](value, float(found[2]))
