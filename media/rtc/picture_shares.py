"""What of the line each of two pictures may have: the one that is looked at large has the most.

The line's budget is for all pictures together; a small one beside is kept alive, not more.
"""

from collections.abc import Callable
from dataclasses import replace

from app.domain.exam_camera import Focus
from media.picture.picture_sizes import PAUSED, SD, THUMBNAIL, PictureBounds
from media.quality.line_state import PictureBudget

SMALL_SHARE = 0.12
SMALL_LEAST_BIT_S, SMALL_MOST_BIT_S = 25_000, 120_000
TWO_LEAST_BIT_S = 3 * SMALL_LEAST_BIT_S  # below it a second picture would spoil the first

Budget = Callable[[], PictureBudget]


class PictureShares:
    """Of one link. `whole` is asked anew for each share."""

    def __init__(self, whole: Budget) -> None:
        self._whole = whole
        self._bounds = PictureBounds(0, 0)
        self.focus = Focus.EXAM
        self.is_exam_on = False  # a person shows it
        self.is_exam_moving: Callable[[], bool] = lambda: True
        self.is_face_moving: Callable[[], bool] = lambda: True

    def bound(self, bounds: PictureBounds) -> None:
        """The most that is wanted of any."""
        self._bounds = bounds

    @property
    def face_bounds(self) -> PictureBounds:
        return self._bounds_of(Focus.FACE)

    @property
    def exam_bounds(self) -> PictureBounds:
        return self._bounds_of(Focus.EXAM) if self.is_exam_on else PAUSED

    @property
    def _has_exam(self) -> bool:
        """One that stands still needs nothing of the line."""
        return self.is_exam_on and self.is_exam_moving()

    def face(self) -> PictureBudget:
        whole = self._whole()
        soon_bit_s = whole.for_size_bit_s
        return replace(
            whole,
            bit_s=whole.bit_s - self._exam_bit_s(whole.bit_s),
            soon_bit_s=soon_bit_s - self._exam_bit_s(soon_bit_s),
        )

    def exam(self) -> PictureBudget:
        whole = self._whole()
        return replace(
            whole,
            bit_s=self._exam_bit_s(whole.bit_s),
            soon_bit_s=self._exam_bit_s(whole.for_size_bit_s),
        )

    def _exam_bit_s(self, whole_bit_s: int) -> int:
        if not self._has_exam:
            return 0
        if not self.is_face_moving():
            return max(0, whole_bit_s - SMALL_LEAST_BIT_S)  # what is left says: no camera
        small = min(SMALL_MOST_BIT_S, max(SMALL_LEAST_BIT_S, int(SMALL_SHARE * whole_bit_s)))
        if whole_bit_s < TWO_LEAST_BIT_S:
            small = 0
        match self.focus:
            case Focus.EXAM:
                return whole_bit_s - small
            case Focus.FACE:
                return small
            case Focus.BESIDE:
                return whole_bit_s // 2

    def _bounds_of(self, picture: Focus) -> PictureBounds:
        if not self._has_exam or not self.is_face_moving() or self.focus is picture:
            return self._bounds
        return _at_most(self._bounds, SD if self.focus is Focus.BESIDE else THUMBNAIL)


def _at_most(bounds: PictureBounds, most: PictureBounds) -> PictureBounds:
    return PictureBounds(
        min(bounds.long_side, most.long_side), min(bounds.frames_per_s, most.frames_per_s)
    )
