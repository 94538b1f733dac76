"""In a right-to-left sentence figures keep their order; without isolates they would not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QTextLayout, QTextOption
from PySide6.QtWidgets import QApplication

from ui import theme, wording

ARABIC = "ضغط الدم"  # "blood pressure"


def drawn_order(sentence: str, parts: tuple[str, ...], direction: Qt.LayoutDirection) -> list[str]:
    """The parts from left to right, as they would stand on the screen."""
    layout = QTextLayout(sentence, QFont(theme.FONT_FAMILY))
    option = QTextOption()
    option.setTextDirection(direction)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(2000)
    layout.endLayout()

    def inside(part: str) -> float:
        """After the first character: at the edge of a run a cursor has two places."""
        found: Any = line.cursorToX(sentence.index(part) + 1)
        return float(found[0] if isinstance(found, tuple) else found)

    return sorted(parts, key=inside)


FIGURES = [
    (wording.isolate("128/76 mmHg"), "128/76 mmHg", ("128", "76", "mmHg")),
    (wording.pressure(Decimal(128), Decimal(76)), "128/76", ("128", "76")),
    (wording.day(date(1970, 1, 31)), "31-Jan-1970", ("31", "Jan", "1970")),
    (wording.record_number("1297287652"), "129 728 7652", ("129", "728", "7652")),
]


@pytest.mark.parametrize(("isolated", "bare", "parts"), FIGURES)
@pytest.mark.parametrize(
    "direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft]
)
def test_figures_are_drawn_in_the_same_order_both_ways(
    application: QApplication,
    isolated: str,
    bare: str,
    parts: tuple[str, ...],
    direction: Qt.LayoutDirection,
) -> None:
    assert drawn_order(f"{ARABIC} {isolated}", parts, direction) == list(parts)
    assert wording.spoken(isolated) == bare


@pytest.mark.parametrize("place", [0, 2])
def test_the_test_sees_the_disorder_that_it_guards_against(
    application: QApplication, place: int
) -> None:
    _, bare, parts = FIGURES[place]
    right_to_left = Qt.LayoutDirection.RightToLeft
    assert drawn_order(f"{ARABIC} {bare}", parts, right_to_left) != list(parts)
