"""Drawings beside stills: what is taken, what is refused, and what a ruler reads."""

import math
from dataclasses import replace
from itertools import product

import pytest

from app.domain.failures import Code, Rejected
from app.domain.stills import (
    LABEL_MAX_CHARACTERS,
    MARKS_MOST,
    Drawing,
    Mark,
    MarkKind,
    Point,
    Scale,
    must_fit,
    scale_of,
)

WIDTH, HEIGHT = 1920, 1080
RULER = Mark(MarkKind.RULER, Point(100, 100), Point(400, 500))
SCALE = Scale(Point(0, 0), Point(0, 200), 50.0)


def refused(drawing: Drawing) -> Code | None:
    try:
        must_fit(drawing, WIDTH, HEIGHT)
    except Rejected as no:
        return no.code
    return None


def test_a_ruler_reads_what_the_scale_says() -> None:
    assert Drawing((RULER,)).length_mm(RULER) is None
    assert Drawing((RULER,), SCALE).length_mm(RULER) == pytest.approx(500 * 0.25)
    halved = replace(SCALE, length_mm=25.0)
    assert Drawing((RULER,), halved).length_mm(RULER) == pytest.approx(62.5)


@pytest.mark.parametrize("kind", list(MarkKind))
def test_marks_inside_the_picture_fit(kind: MarkKind) -> None:
    words = "x" * LABEL_MAX_CHARACTERS if kind is MarkKind.LABEL else ""
    mark = Mark(kind, Point(0, 0), Point(WIDTH, HEIGHT), words)
    assert refused(Drawing((mark,) * MARKS_MOST, SCALE)) is None


def test_a_circle_may_reach_over_the_edge_by_the_picture_itself() -> None:
    at_the_edge = Mark(MarkKind.CIRCLE, Point(10, 10), Point(-WIDTH, 10))
    assert refused(Drawing((at_the_edge,))) is None
    beyond = replace(at_the_edge, end=Point(-WIDTH - 1, 10))
    assert refused(Drawing((beyond,))) is Code.DRAWING_DOES_NOT_FIT


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 1e9, -1e9])
@pytest.mark.parametrize("place", range(4))
def test_points_that_are_nowhere_are_refused(wrong: float, place: int) -> None:
    numbers = [10.0, 10.0, 50.0, 50.0]
    numbers[place] = wrong
    start, end = Point(*numbers[:2]), Point(*numbers[2:])
    for kind in (MarkKind.ARROW, MarkKind.CIRCLE, MarkKind.RULER):
        assert refused(Drawing((Mark(kind, start, end),))) is Code.DRAWING_DOES_NOT_FIT
    assert refused(Drawing((), Scale(start, end, 10.0))) is not None


@pytest.mark.parametrize(
    "mark",
    [
        Mark(MarkKind.ARROW, Point(5, 5), Point(5.5, 5)),
        Mark(MarkKind.RULER, Point(5, 5), Point(5, 5)),
        Mark(MarkKind.ARROW, Point(5, 5), Point(50, 5), "an arrow has no words"),
        Mark(MarkKind.LABEL, Point(5, 5), Point(5, 5), ""),
        Mark(MarkKind.LABEL, Point(5, 5), Point(5, 5), " \t "),
        Mark(MarkKind.LABEL, Point(5, 5), Point(5, 5), "x" * (LABEL_MAX_CHARACTERS + 1)),
    ],
)
def test_marks_that_say_nothing_are_refused(mark: Mark) -> None:
    assert refused(Drawing((mark,))) is Code.DRAWING_DOES_NOT_FIT


def test_a_drawing_has_an_end() -> None:
    assert refused(Drawing((RULER,) * (MARKS_MOST + 1))) is Code.TOO_LARGE


@pytest.mark.parametrize("length", [0.0, -5.0, 0.09, 2000.1, math.nan, math.inf])
def test_a_scale_needs_a_length_that_a_person_can_know(length: float) -> None:
    with pytest.raises(Rejected) as no:
        scale_of(Point(0, 0), Point(100, 0), length)
    assert no.value.code is Code.SCALE_UNUSABLE
    assert refused(Drawing((), Scale(Point(0, 0), Point(100, 0), length))) is Code.SCALE_UNUSABLE


def test_a_scale_needs_two_points_that_are_apart() -> None:
    for x, y in product((0.0, 5.0), repeat=2):
        with pytest.raises(Rejected):
            scale_of(Point(0, 0), Point(x, y), 10.0)
    assert scale_of(Point(0, 0), Point(8, 0), 4.0).mm_per_pixel == pytest.approx(0.5)
