"""Two pictures on one line: together never more than it carries, and never a face alone in HD."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from app.domain.exam_camera import Focus
from media.picture.picture_sizes import HD, PAUSED, SD, THUMBNAIL
from media.quality.line_state import PictureBudget
from media.rtc.picture_out import start_budget
from media.rtc.picture_shares import SMALL_LEAST_BIT_S, SMALL_MOST_BIT_S, PictureShares

LINES = (0, 10_000, 60_000, 74_999, 75_000, 300_000, 1_000_000, 4_000_000)


class Line:
    def __init__(self, bit_s: int) -> None:
        self.bit_s = bit_s
        self.shares = PictureShares(lambda: replace(start_budget(), bit_s=self.bit_s))
        self.shares.bound(HD)

    @property
    def parts(self) -> tuple[int, int]:
        return self.shares.face().bit_s, self.shares.exam().bit_s


@pytest.mark.parametrize(("bit_s", "focus"), list(product(LINES, Focus)))
@pytest.mark.parametrize("moving", list(product((True, False), repeat=2)))
def test_both_together_have_what_the_line_carries(
    bit_s: int, focus: Focus, moving: tuple[bool, bool]
) -> None:
    line = Line(bit_s)
    line.shares.focus, line.shares.is_exam_on = focus, True
    line.shares.is_face_moving = lambda: moving[0]
    line.shares.is_exam_moving = lambda: moving[1]
    face, exam = line.parts
    assert face >= 0 and exam >= 0 and face + exam == bit_s


@pytest.mark.parametrize("bit_s", LINES)
def test_without_an_exam_camera_the_face_has_all(bit_s: int) -> None:
    line = Line(bit_s)
    assert line.parts == (bit_s, 0)
    assert (line.shares.face_bounds, line.shares.exam_bounds) == (HD, PAUSED)
    line.shares.is_exam_on = True
    line.shares.is_exam_moving = lambda: False
    assert line.parts == (bit_s, 0)
    assert line.shares.face_bounds == HD


def test_the_one_that_is_looked_at_has_the_most() -> None:
    line = Line(1_000_000)
    line.shares.is_exam_on = True
    line.shares.focus = Focus.EXAM
    assert line.parts == (SMALL_MOST_BIT_S, 1_000_000 - SMALL_MOST_BIT_S)
    assert (line.shares.exam_bounds, line.shares.face_bounds) == (HD, _as(THUMBNAIL))
    line.shares.focus = Focus.FACE
    assert line.parts == (1_000_000 - SMALL_MOST_BIT_S, SMALL_MOST_BIT_S)
    assert (line.shares.face_bounds, line.shares.exam_bounds) == (HD, _as(THUMBNAIL))
    line.shares.focus = Focus.BESIDE
    assert line.parts == (500_000, 500_000)
    assert line.shares.face_bounds == line.shares.exam_bounds == _as(SD)


def test_on_a_line_for_one_the_one_that_is_looked_at_is_all() -> None:
    line = Line(60_000)
    line.shares.is_exam_on, line.shares.focus = True, Focus.EXAM
    assert line.parts == (0, 60_000)
    line.shares.focus = Focus.FACE
    assert line.parts == (60_000, 0)


def test_without_a_face_camera_the_exam_camera_has_what_is_left_to_say_so() -> None:
    line = Line(1_000_000)
    line.shares.is_exam_on, line.shares.focus = True, Focus.FACE
    line.shares.is_face_moving = lambda: False
    assert line.parts == (SMALL_LEAST_BIT_S, 1_000_000 - SMALL_LEAST_BIT_S)
    assert line.shares.exam_bounds == HD


@pytest.mark.parametrize("focus", list(Focus))
def test_no_share_is_larger_than_what_is_wanted_at_all(focus: Focus) -> None:
    line = Line(1_000_000)
    line.shares.bound(THUMBNAIL)
    line.shares.is_exam_on, line.shares.focus = True, focus
    for bounds in (line.shares.face_bounds, line.shares.exam_bounds):
        assert bounds.long_side <= THUMBNAIL.long_side
        assert bounds.frames_per_s <= THUMBNAIL.frames_per_s


def _as(bounds: Any) -> Any:
    """At most HD, which is bound."""
    return replace(
        bounds,
        long_side=min(bounds.long_side, HD.long_side),
        frames_per_s=min(bounds.frames_per_s, HD.frames_per_s),
    )


def test_what_comes_soon_is_shared_alike() -> None:
    """A size is chosen by it, so that a second of less costs no key frame."""
    line = Line(100_000)
    line.shares.is_exam_on, line.shares.focus = True, Focus.BESIDE
    draining = PictureShares(lambda: PictureBudget(100_000, 0.0, 300_000))
    draining.is_exam_on, draining.focus = True, Focus.BESIDE
    draining.is_exam_moving = line.shares.is_exam_moving = lambda: True
    assert line.shares.face().for_size_bit_s == 50_000
    assert draining.face().for_size_bit_s == 150_000
    assert draining.exam().bit_s == 50_000
