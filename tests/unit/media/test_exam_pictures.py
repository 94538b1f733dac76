"""Which of the camera's own pictures was it that somebody saw: here by time, there by stamp."""

import time
from dataclasses import dataclass, field

import av
import numpy as np

from app.domain.picture import Layout, Picture
from media.exam_pictures import REMEMBERED, ExamPictures


@dataclass
class Surface:
    own: list[Picture] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    over: int = 0

    def show_own(self, picture: Picture) -> None:
        self.own.append(picture)

    def show(self, frame: av.VideoFrame, captured_at: float) -> None:
        self.shown.append(captured_at)

    def nothing(self) -> None:
        self.over += 1


class Desk:
    def __init__(self) -> None:
        self.surface = Surface()
        self.left: dict[int, int] = {}  # stamp -> sequence
        self.pictures = ExamPictures(self.surface, self.left.get)  # type: ignore[arg-type]  # of the tests

    def comes(self, at: float) -> None:
        data = memoryview(bytes(16 * 16 * 3 // 2))
        self.pictures.own_came(Picture(16, 16, Layout.I420, data, 1, at))


def frame() -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")


def test_a_stamp_finds_the_moment_in_which_its_picture_was_taken() -> None:
    desk = Desk()
    for number in range(10):
        desk.comes(100.0 + number)
    desk.left[777] = 4
    desk.left[778] = 999  # one that is not remembered
    assert desk.pictures.taken_at(777) == 103.0
    assert desk.pictures.taken_at(778) is None
    assert desk.pictures.taken_at(1) is None
    assert [one.captured_at for one in desk.surface.own] == [100.0 + n for n in range(10)]


def spent(seconds: float) -> None:
    """Two moments of the product's own clock must differ: this one is busy for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def test_a_moment_on_the_screen_finds_its_stamp() -> None:
    desk = Desk()
    assert desk.pictures.stamp_of(5.0) is None
    for stamp in (10, 20, 30):
        desk.pictures.far_came(frame(), stamp)
        spent(0.002)
    assert [desk.pictures.stamp_of(at) for at in desk.surface.shown] == [10, 20, 30]
    assert desk.pictures.stamp_of(None) is None  # the newest there, whatever has been seen
    assert desk.pictures.stamp_of(-1e9) == 10
    assert desk.pictures.stamp_of(1e12) == 30
    desk.pictures.nothing()
    assert desk.pictures.stamp_of(desk.surface.shown[0]) is None
    assert desk.surface.over == 1


def test_it_remembers_no_more_than_a_few_seconds() -> None:
    desk = Desk()
    for number in range(3 * REMEMBERED):
        desk.comes(float(number))
        desk.left[number + 1] = number + 1  # sequences count from 1
    assert desk.pictures.taken_at(1) is None
    assert desk.pictures.taken_at(3 * REMEMBERED) == float(3 * REMEMBERED - 1)
    assert len(desk.pictures._put) == REMEMBERED
